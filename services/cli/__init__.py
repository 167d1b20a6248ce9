"""The command line of an operator: `punkcast …`, one command per function, listed in `app.py`.

In: arguments and `PUNKCAST_…` settings. Out: text, JSON, files; from an operator's acts `training.requested`,
`model.promoted`, `model.rolled_back` and `alert.raised`.
Reads and writes: what the command says, through `shared`. Imports no service but `services.embedded`.
"""
