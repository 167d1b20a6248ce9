"""The command line of an operator: `punkcast …`, one command per function, listed in `app.py`.

In: arguments and `PUNKCAST_…` settings. Out: text, JSON, files; messages only from acts such as `training request`.
Reads and writes: what the command says, through `shared`. Imports no service but `services.embedded`.
"""
