"""Judges contenders and shadows, records evidence and decision, and moves the model pointer.

In: `contender.registered`, `shadow.matured`, `retrain_check.requested`.
Out: `model.promoted`, `contender.rejected`, `shadow.started`, `alert.raised`.
Reads: model files and snapshots of the object store, outcomes, generations, the registry.
Writes: decisions, gate evidence, promotions, shadows, the model pointer, its inbox and the outbox.
"""
