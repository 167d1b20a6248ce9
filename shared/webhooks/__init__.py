"""Secrets of webhooks, the addresses that may be posted to, and who owns the webhooks of the settings."""

from typing import Final

SETTINGS: Final = "settings"
"""In `webhooks.key_id`, where other webhooks have the id of an API key."""
CHALLENGE: Final = "webhook.challenge"
"""The event that a receiver answers before it gets any other."""
