"""Values all punks every half hour, publishes the champion's values, and explains them.

In: `nowcast.requested`, `market.updated`, `model.promoted`, `model.rolled_back`; and on a queue of its
own `retention.requested`.
Out: `nowcast.published`; for a champion that this code cannot serve, `training.requested` and `alert.raised`.
Reads: market events, the registry, model files.
Removes: rows and files that the retention policy does not keep.
Writes: snapshots, generations with their archives and explanations, market days, failures, unsupported models,
training requests, the log of generations with its checkpoints.
"""
