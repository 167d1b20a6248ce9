"""Fits a contender for a training request, under a lease, in a process of its own.

In: `training.requested`, `training_drain.requested`. Out: `contender.registered`.
Reads: market events, sales, outcomes, the registry.
Writes: training requests, models, snapshots, files of the object store, its inbox and the outbox.
"""
