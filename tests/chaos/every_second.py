"""`python -m tests.chaos.every_second services.nowcaster`: a service for which each second is a slot of each job.

A tick is genuine only at a slot of its job, and in a minute of chaos production has hardly one.
"""

import runpy
import sys
from dataclasses import replace
from datetime import timedelta

from shared.messaging import ticks

if __name__ == "__main__":
    second = timedelta(seconds=1)
    ticks.JOBS = {name: replace(job, every=second) for name, job in ticks.JOBS.items()}
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
