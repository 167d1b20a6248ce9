"""Publishes ticks by the wall clock, as the CronJobs of Kubernetes do: all jobs as a process, or one job and an end.

In: nothing. Out: the ticks `ingest`, `nowcast`, `monitor`, `training_drain`, `retrain_check`, `backtest`, `retention`.
Writes: the outbox.
"""
