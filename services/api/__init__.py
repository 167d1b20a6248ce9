"""Serves values, performance, governance and operator acts over HTTP, and keeps the current generation in memory.

In: HTTP requests; notifications of PostgreSQL when a pointer or the market moves. Consumes no messages.
Out: HTTP responses, server-sent events, `training.requested`; from an operator's acts `model.promoted`,
`model.rolled_back` and `alert.raised`.
Reads: every serving table. Never reads a model file.
Writes: training requests, webhooks, operators' decisions, freezes, `idempotency_keys` and the outbox.
"""
