"""Why a value is what it is: additive parts in ETH, comparable sales, and both for a whole generation as columns.

Nothing is imported here: the gateway reads `stored` without the model library.
"""
