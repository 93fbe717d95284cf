"""What is true and what follows from it: pure values and rules, the standard library only."""
