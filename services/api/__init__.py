"""Serves values, performance, governance and operator acts over HTTP, and keeps the current generation in memory.

In: HTTP requests; notifications of PostgreSQL when a pointer or the market moves. Consumes no messages.
Out: HTTP responses, server-sent events, `training.requested`; from an operator's acts `model.promoted`,
`model.rolled_back` and `alert.raised`.
Reads: every serving table. Never reads a model file.
Way of a request: `front` (a ready answer from memory), else the routes of `<resource>/` with `gateway` (the parts that
every route shares) and `view` (the current generation and market). `compat` has the reference platform's endpoints.
Writes: training requests, webhooks, operators' decisions, freezes, `idempotency_keys` and the outbox.
"""
