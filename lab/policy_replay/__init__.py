"""Policies over history: the same refits, some spoilt on purpose, under several rules of promotion and rollback.

Pure: events in, figures out. Gates, e-process and hard trips are the production functions; only the sequence of
champions is simulated. `history` has sales and snapshots, `faults` the possible faults of a refit, `candidates` the
fitted models and their values. `rules` has the policies, `ours` that of production, `scoring` the figures.
"""
