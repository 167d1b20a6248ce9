"""What the platform signs, and how a stranger checks it: signed notes, checkpoints of the log, model files."""
