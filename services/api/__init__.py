"""Serves values, performance, governance and operator acts over HTTP, and keeps the current generation in memory.

In: HTTP requests; notifications of PostgreSQL when a pointer or the market moves. Consumes no messages.
Out: HTTP answers, server-sent events, `training.requested`, and messages of operators' acts.
Reads: every serving table. Never reads a model file.
Writes: training requests, webhooks, operators' decisions, freezes, `idempotency_keys` and the outbox.
"""
