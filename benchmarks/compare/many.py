"""The rows about many sessions, whose servers are started for them."""

import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .entries import ENTRIES, Entry
from .gap import GapError
from .lab import Lab
from .measuring import Found
from .processes import Server
from .servers import NODE, SERVERS, bridge, started

_HERE = Path(__file__).parent
_VARIABLES = 10
# Of the requests that fill a hundredth: as many as it takes until the server has compiled what they run through.
_WARM_UPS = 50
_FILLED: dict[tuple[Path, str], Path | str] = {}


def startup(lab: Lab, name: str) -> Found:
    """Milliseconds from the start of a server's process on `sessions` stored sessions to its first answer."""
    entry = ENTRIES[name]
    folder = _filled(lab, entry)
    begun = time.perf_counter()
    server = SERVERS[entry.server](folder)
    took = time.perf_counter() - begun
    server.stop()
    return {"value": took * 1e3}


def listing(lab: Lab, name: str) -> Found:
    """Milliseconds of a walk over `sessions` stored sessions."""
    entry = ENTRIES[name]
    with started(SERVERS[entry.server], _filled(lab, entry)) as server, lab.own_worker(entry, server) as worker:
        return worker.ask("listing", sessions=lab.settings.sessions)


# Of the same size in a quick run: fewer would be less than what a process grows by anyway.
def small_variables(lab: Lab, name: str) -> Found:
    """Bytes by which a server grows for each variable, in sessions of a thousand."""
    return _growth(lab, name, sessions=100, variables=1_000, counted=lambda sessions: sessions * 1_000)


def idle_sessions(lab: Lab, name: str) -> Found:
    """Bytes by which a server grows for each session of ten variables that nobody uses."""
    return _growth(lab, name, sessions=10_000, variables=_VARIABLES, counted=lambda sessions: sessions)


def _growth(lab: Lab, name: str, *, sessions: int, variables: int, counted: Callable[[int], int]) -> Found:
    entry = ENTRIES[name]
    # What the first requests of all bring along is not counted.
    first = sessions // 100 + 1
    with started(_inspected(entry), lab.new_folder("memory")) as server, lab.own_worker(entry, server) as worker:
        for _ in range(_WARM_UPS):
            worker.ask("fill", sessions=first, variables=variables)
        before = server_memory(server)
        worker.ask("fill", sessions=sessions - first, variables=variables, first=first)
        after = server_memory(server)
    divisor = counted(sessions - first)
    heap = {} if before.heap is None or after.heap is None else {"heap": (after.heap - before.heap) / divisor}
    return {"value": (after.resident - before.resident) / divisor, **heap}


@dataclass(frozen=True)
class Memory:
    """What a process takes, in bytes: its resident set, and its JavaScript heap where that can be asked."""

    resident: int
    heap: int | None


def server_memory(server: Server) -> Memory:
    """After a garbage collection, where the server has an inspector."""
    if server.inspector is None:
        return Memory(server.resident_bytes(), None)
    collected = subprocess.run([NODE, _HERE / "heap.ts", server.inspector], check=True, capture_output=True, text=True)
    return Memory(server.resident_bytes(), int(collected.stdout))


def _inspected(entry: Entry) -> Callable[[Path], Server]:
    if not entry.server.startswith("bridge"):
        return SERVERS[entry.server]
    store = (
        ("memory",) if entry.server == "bridge" else ("sqlite:{folder}/sessions.db", "--durability", entry.server.removeprefix("bridge-"))
    )
    return bridge("--store", *store, inspect=True)


def _filled(lab: Lab, entry: Entry) -> Path:
    """A directory in which the entry's server finds its sessions; the same one each time."""
    key = (lab.folder, entry.server)
    if key not in _FILLED:
        try:
            _FILLED[key] = _fill(lab, entry)
        except GapError as gap:
            _FILLED[key] = str(gap)
    folder = _FILLED[key]
    if isinstance(folder, str):
        raise GapError(folder)
    return folder


def _fill(lab: Lab, entry: Entry) -> Path:
    folder = lab.new_folder(f"stored-{entry.server}")
    if entry.server.startswith("bridge"):
        made = subprocess.run([NODE, _HERE / "stored.ts", str(lab.settings.sessions)], check=True, capture_output=True, text=True)
        shutil.copy(made.stdout.strip(), folder / "sessions.db")
    elif entry.server != "tcp-echo":
        with started(SERVERS[entry.server], folder) as server, lab.own_worker(entry, server) as worker:
            worker.ask("fill", sessions=lab.settings.sessions, variables=_VARIABLES)
    return folder
