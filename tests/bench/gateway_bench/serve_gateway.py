"""The product, as `python -m services.api` starts it."""

import sys

from services.api.__main__ import main
from tests.bench.gateway_bench.servers import stay_on_core

if __name__ == "__main__":
    stay_on_core()
    sys.exit(main())
