"""How blocks look: as plain text, in a colour terminal, as Markdown, as HTML. Pure: blocks in, text out."""
