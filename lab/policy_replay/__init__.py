"""Policies over history: the same refits, some spoilt on purpose, under several rules of promotion and rollback.

Pure: events in, figures out. Gates, e-process and hard trips are the production functions; what is simulated is only
who is champion when. `history` has the sales and snapshots, `faults` what can go wrong with a refit, `candidates` the
fitted models and their values, `rules` the policies, `ours` the one of production, `scoring` the figures.
"""
