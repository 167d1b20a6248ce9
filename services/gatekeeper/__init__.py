"""Judges contenders and shadows against the champion, and carries the decisions out.

In: `contender.registered`, `shadow.matured`, `retrain_check.requested`.
Out: `model.promoted`, `contender.rejected`, `shadow.started`, and `contender.registered` for one that no gate judged.
Reads: the registry, model files, snapshots, outcomes.
Writes: decisions with their evidence, states of models, the model pointer, promotions, shadows.
"""
