"""What is running during a benchmark: servers and measuring processes, started when a row first needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import cpus
from .cpus import started_on
from .entries import ENTRIES, Entry
from .gap import GapError
from .measuring import Worker
from .processes import Server
from .servers import SERVERS


@dataclass(frozen=True)
class Settings:
    """How much is measured."""

    repeats: int
    #: Rounds before them that are not counted, in which compilers and caches warm up.
    warm_ups: int
    #: Seconds of one measurement of one entry.
    seconds: float
    #: Sessions of the rows about many sessions.
    sessions: int
    #: Increments of each way to make them.
    increments: int


@dataclass
class Lab:
    """Servers, workers and their directory. What could not be started once is not tried again."""

    folder: Path
    settings: Settings
    _servers: dict[str, Server | str] = field(default_factory=dict)
    _workers: dict[tuple[str, str], Worker] = field(default_factory=dict)

    def new_folder(self, name: str) -> Path:
        """An empty directory that is removed with the rest."""
        folder = self.folder / name
        number = 1
        while folder.exists():
            number += 1
            folder = self.folder / f"{name}-{number}"
        folder.mkdir()
        return folder

    def server(self, name: str) -> Server:
        """A server, started when it is not running. Raises GapError when it cannot be."""
        if name not in self._servers:
            try:
                with started_on(cpus.SERVERS):
                    self._servers[name] = SERVERS[name](self.new_folder(name))
            except GapError as gap:
                # Where this run keeps its files says nothing to a reader.
                self._servers[name] = str(gap).replace(f"{self.folder}/", "")
        server = self._servers[name]
        if isinstance(server, str):
            raise GapError(server)
        return server

    def server_of(self, entry: str) -> Server:
        """The server of an entry."""
        return self.server(ENTRIES[entry].server)

    def worker(self, name: str, role: str = "") -> Worker:
        """The process that measures an entry; another one for each role. Raises GapError when its server cannot be started."""
        key = (name, role)
        if key not in self._workers:
            entry = ENTRIES[name]
            server = self.server(entry.server)
            with started_on(cpus.CLIENTS):
                self._workers[key] = self._worker(entry, server)
        return self._workers[key]

    @contextmanager
    def own_worker(self, entry: Entry, server: Server) -> Iterator[Worker]:
        """A process that measures a server that a row has started for itself."""
        worker = self._worker(entry, server)
        try:
            yield worker
        finally:
            worker.stop()

    def stop(self) -> None:
        """Stops everything, clients first."""
        for worker in self._workers.values():
            worker.stop()
        for server in self._servers.values():
            if isinstance(server, Server):
                server.stop()
        self._workers.clear()
        self._servers.clear()

    def _worker(self, entry: Entry, server: Server) -> Worker:
        return Worker(entry.adapter, entry.options, server.target, self.folder / "workers.log")
