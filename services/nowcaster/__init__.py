"""Values all punks with the champion, its fallback and the shadows, and publishes the champion's values.

In: `nowcast.requested`, `market.updated`, `model.promoted`, `model.rolled_back`.
Out: `nowcast.published`; `training.requested` and `alert.raised` if this code cannot serve the champion.
Reads: market events, the registry, model files.
Writes: snapshots, generations, nowcasts, the nowcast pointer, explanations, failures, its inbox and the outbox.
"""
