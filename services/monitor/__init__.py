"""Watches promoted models and shadows, rolls back, and requests training.

In: `monitor.requested`, `retrain_check.requested`, `model.promoted`, `model.rolled_back`, `shadow.started`,
`contender.rejected`.
Out: `model.rolled_back`, `shadow.matured`, `training.requested`, `alert.raised`.
Reads: generations, nowcasts, outcomes, sales, the registry. Never reads a model file.
Writes: training requests, the model pointer, decisions, promotions, sequential tests, freezes, alerts, its inbox and
the outbox; ends expired API keys with their webhooks.
"""
