"""Every object that should exist, from plain values: pure, the standard library only."""
