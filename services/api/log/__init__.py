"""The log of generations as the nowcaster writes it, for whoever keeps a copy."""
