"""Server-sent events (WHATWG HTML): how to ask for a stream, and its lines as events."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from punkcast_client.models import Event


def stream_options(types: Sequence[str], last_event_id: str | None) -> dict[str, Any]:
    """Keyword arguments of httpx's `stream`."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
    return {"params": {"types": list(types)}, "headers": headers, "timeout": httpx.Timeout(30.0, read=60.0)}


class EventLines:
    """Collects lines into events; an empty line ends an event."""

    def __init__(self) -> None:
        self.last_id = ""
        self._name = ""
        self._data: list[str] = []

    def take(self, line: str) -> Event | None:
        """The event that this line ends, if any."""
        if not line:
            name, data = self._name or "message", self._data
            self._name, self._data = "", []
            return Event(id=self.last_id, event=name, data=json.loads("\n".join(data))) if data else None
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id":
            self.last_id = value
        return None
