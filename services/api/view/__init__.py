"""The data that hot routes answer from: generation, market and punks in memory, swapped behind one reference."""
