"""Shapes of answers as OpenAPI shows them, a module for each resource; the rest is in `services.api.documents`."""
