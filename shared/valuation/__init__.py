"""The valuation: features, model, intervals, generations. Pure functions and frozen data."""

import os

# XGBoost's OpenMP threads spin while they wait for each other. On a busy machine, a fit of two seconds then takes
# minutes. OpenMP reads this once, when XGBoost is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
