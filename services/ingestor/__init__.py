"""Reads new events from the source, derives sales and offers, and scores sales against earlier values.

In: `ingest.requested`, and new heads of the chain. Out: `market.updated`, and `ingest.requested` while a backfill has
more to read.
Reads: the source (a node, files or the simulated market), generations, nowcasts.
Writes: punks, prices, market events, offers, sales, outcomes, the chain cursor, its inbox and the outbox.
"""
