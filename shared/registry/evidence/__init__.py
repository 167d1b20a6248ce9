"""A gate's evidence from snapshots and model files: for the gatekeeper, and for an audit of what it recorded."""
