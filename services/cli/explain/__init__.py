"""What `punkcast explain` gathers, and how it tells it."""
