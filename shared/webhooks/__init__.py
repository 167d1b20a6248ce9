"""Secrets of webhooks, and the addresses that may be posted to."""
