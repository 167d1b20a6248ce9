"""What `punkcast explain` gathers and prints."""
