"""Pure views: nouns in, blocks out. The clock comes in as a value."""
