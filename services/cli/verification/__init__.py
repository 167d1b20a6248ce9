"""Checks the gateway's documents against the published Merkle root."""
