"""Fits the models that training requests ask for, and registers them as contenders.

In: `training.requested`, `training_drain.requested`. Out: `contender.registered`.
Reads: market events, the champion's registry row.
Writes: training requests, models with their files and signatures, snapshots with their archives, its inbox and the
outbox.
"""
