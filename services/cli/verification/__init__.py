"""Checking what the gateway said against the root that was published with it."""
