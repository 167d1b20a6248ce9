"""One process is thrown away at every place of its life, one place after the other.

`python -m tests.chaos.crash_points --help` lists the places and replays one of them.
"""
