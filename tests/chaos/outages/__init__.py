"""Outages of the real servers below running services."""
