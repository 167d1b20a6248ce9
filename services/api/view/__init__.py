"""What hot routes answer from: a generation, the market and the punks in memory, swapped behind one reference."""
