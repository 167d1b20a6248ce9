"""What `punkcast export` reads, and how it writes it."""
