"""Lines of an event stream to events (WHATWG HTML, server-sent events)."""

from __future__ import annotations

import json

from punkcast_client.models import Event


class EventLines:
    """Takes lines; gives an event at each empty one that ends one."""

    def __init__(self) -> None:
        self.last_id = ""
        self._name = ""
        self._data: list[str] = []

    def take(self, line: str) -> Event | None:
        if not line:
            return self._ended()
        if line.startswith(":"):
            return None
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id":
            self.last_id = value
        return None

    def _ended(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return Event(id=self.last_id, event=name, data=json.loads("\n".join(data))) if data else None
