"""`python -m services.api.openapi > docs/openapi.json`: the OpenAPI document, without a database."""

import json
import sys
from typing import Any, cast

from services.api.app import create_app
from services.api.config import GatewayConfig
from shared.clock import SystemClock
from shared.database.pool import Database


def document() -> dict[str, Any]:
    """What `/openapi.json` serves. Nothing of the app is started, so that there need be no database behind it."""
    app = create_app(database=cast(Database, None), clock=SystemClock(), config=GatewayConfig())
    return app.openapi()


def to_json(found: dict[str, Any]) -> str:
    """Indented, with sorted keys: one document, one text."""
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_json(document()))
