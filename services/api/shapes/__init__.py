"""Shapes of answers as OpenAPI shows them, a module for each resource; what they share is in `services.api.documents`."""
