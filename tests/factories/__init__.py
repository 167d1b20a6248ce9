"""What tests build their input with. Two made-up markets serve most of them:

- `small_market`: 4,000 events, their punks and closes, as a source, a folded timeline, snapshots and fitted models.
  Everything is cached. Take it whenever the market itself does not matter.
- `market`: the generators behind it. `events_frame` draws plausible trading among many wallets, `busy_events` few punks
  with ties, gifts and several events a transaction. `poison` replaces everything from an instant on.

Others exist because a test needs something that these lack:

- `market_story`: events written one by one, for tests in which who did what to whom matters.
- `feature_market`: a folded `events_frame` and the comparison of features byte for byte.
- `plain_market`: offers and boards by a slow computation, to compare with.
- `feed`: days of events and nowcasts for the backtest, and how they are played.
- `punks_contract`: the contract in Python with its raw logs; `event_logs` writes recorded events as such logs.
- `fake_chain`: a JSON-RPC node in memory that misbehaves on demand; `contract_market`: trading on a real Ethereum node.
- `event_folder`: a simulated market as files, for commands that read `--events`.
- `SimulatedMarket` of the platform: a year of trading as the demo has it, slow to fold.

Rows and processes: `database` (the pool of the fixture, which takes a statement or a call), `rows` (the smallest legal
ones), `registry` (models, decisions, outcomes), `gate_evidence`, `predictions`, `explained`, `view`, `harness` (hosts
services), `killed` (a process that dies), `tcp_line` (an outage), `waiting`.
"""
