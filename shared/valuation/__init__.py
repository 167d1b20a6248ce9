"""The valuation: features, model, intervals, generations. Pure functions and frozen data."""

import os

# XGBoost's OpenMP threads spin while they wait for each other. On a machine that has something else to do, a fit of two
# seconds then takes minutes. The runtime reads this once, when the library is loaded, so it must be set before.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
