"""PostgreSQL servers that a test stops, fills up and fails over. Each has a loopback address of its own."""

import os
from pathlib import Path

from shared.database.embedded_server import USER, EmbeddedServer

DATABASE = "punkcast"
CONFIGURATION = {
    "fsync": "off",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "max_wal_size": "64MB",
}


class Server(EmbeddedServer):
    """A server on TCP port 5432 of `address`, which must be a loopback address that is not in use."""

    address: str

    @classmethod
    def at(cls, folder: Path, address: str) -> "Server":
        server = cls((folder / address).resolve(), CONFIGURATION | {"listen_addresses": address})
        object.__setattr__(server, "address", address)
        return server

    def create(self) -> None:
        """Start the server with an empty database."""
        os.close(self.enter())
        self._require("createdb", "-h", str(self.socket_folder), "-U", USER, DATABASE)

    def follow(self, primary: "Server") -> None:
        """Start this server as a standby of `primary`."""
        self._give(self.data)
        source = ("-h", str(primary.socket_folder), "-U", USER)
        self._require("pg_basebackup", *source, "-D", str(self.data), "-R", "-X", "stream", "-c", "fast")
        self._start()

    def start(self) -> None:
        self._start()

    def stop(self, *, how: str = "fast") -> None:
        """`how`: `immediate` is what a crash leaves behind."""
        self._run("pg_ctl", "stop", "-D", str(self.data), "-m", how, "-w")

    def promote(self) -> None:
        self._require("pg_ctl", "promote", "-D", str(self.data), "-w")

    @property
    def running(self) -> bool:
        return self._answers()


def url_of(*servers: Server) -> str:
    """The URL of whichever of the servers takes writes."""
    hosts = ",".join(f"{server.address}:5432" for server in servers)
    return f"postgresql://{USER}@{hosts}/{DATABASE}?target_session_attrs=read-write"
