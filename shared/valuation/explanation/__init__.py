"""Explanations of values: additive parts in ETH, comparable sales, and both for a whole generation as columns.

Nothing is imported here, so that the gateway reads `stored` without the model library.
"""
