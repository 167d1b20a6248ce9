"""The current generation and market in memory: loaded, rendered once, swapped by one reference."""
