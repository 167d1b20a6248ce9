"""Subscriptions: what happens is written down for each of them, and posted until it has arrived."""
