"""Storage calls that fail while the server runs."""

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path

import files
import pytest
import shim
from carriers import CARRIERS, Name
from inspector import Inspector
from load import LOOKING_BACK, REMEMBERING, Load, Writer, writers
from model import SHORT_TTL_MS
from processes import Server
from script import eventually
from shim import EIO, ENOSPC, EVERY_CALL, EVERY_FILE, Call, Control, File
from wire import Client, Refused, delete, increment, set_to

SEED = 20
STEPS = 60
MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)


def writes(client: Client) -> bool:
    """Whether a write is answered: then nothing that failed before is in doubt any more."""
    try:
        client.update("elsewhere", [increment("n")])
    except Refused:
        return False
    return True


class Stage:
    """A server whose storage can be made to fail, one client of it, and a model of what it holds."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.database = folder / "sessions.db"
        self.control = Control(folder / "control")
        self.server = Server(self.database, {**shim.environment(library, self.database, control=self.control), **REMEMBERING})
        self.load = Load(writers(1, SEED))
        self._inspector = Inspector()
        self._copies = 0

    def __enter__(self) -> "Stage":
        self._inspector.__enter__()
        self.load.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.load.__exit__(None, None, None)
        self._inspector.__exit__(None, None, None)
        self.server.close()
        self.control.close()

    @property
    def writer(self) -> Writer:
        return self.load.writers[0]

    def recovers(self, client: Client) -> None:
        """Once nothing fails any more the server serves again, and what is in the file is what it says."""
        self.control.disarm()
        eventually(lambda: writes(client) and client.serving(), "it does not serve again")
        self.load.settle(client)
        self._compare_with_file()
        for _ in range(5):
            assert self.writer.step(client), self.writer.refused[-1]

    def _compare_with_file(self) -> None:
        """What a restart would find now; the server has nothing to write."""
        self._copies += 1
        copied = files.copy(self.database, self.database.parent / f"copy-{self._copies}")
        found = self._inspector.contents(copied)
        assert files.integrity(copied) == "ok"
        last = {line.session: line.moments[-1] for line in self.writer.lines}
        for line in self.writer.lines:
            line.moments[:-1] = []
        self.load.settle_at(max(moment.position for moment in last.values()), {id: held for id, (_, held) in found.items()})


@pytest.fixture(scope="module")
def stage(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(library, tmp_path_factory.mktemp("errors")) as stage:
        yield stage


@contextmanager
def both(address: str) -> Iterator[tuple[Client, Client]]:
    """One client of each carrier."""
    with Client(address, "grpc") as one, Client(address, "direct") as other:
        yield one, other


def refusals(writer: Writer, since: int) -> list[Refused]:
    """What was refused, but for touches of sessions that are not there."""
    return [refused for refused in writer.refused[since:] if refused.reason != "SESSION_NOT_FOUND"]


@pytest.mark.parametrize("error", [EIO, ENOSPC], ids=shim.name_of)
@pytest.mark.parametrize(
    ("calls", "watched"),
    [
        (Call.WRITE, File.WAL),
        (Call.SYNC, File.WAL),
        (Call.WRITE | Call.SYNC, File.DATABASE | File.WAL),
        (EVERY_CALL, EVERY_FILE),
    ],
    ids=["writes of the log", "syncs of the log", "all writes and syncs", "everything"],
)
def test_while_storage_fails_writes_are_refused_and_health_says_so_and_then_it_recovers(
    stage: Stage, calls: Call, watched: File, error: int
) -> None:
    """[P13] [P18] Each request is applied as a whole or not at all, its error says which it was, or that nobody can tell."""
    writer, since = stage.writer, len(stage.writer.refused)
    with both(stage.server.address) as (client, other):
        stage.control.arm(calls, watched, error)
        taking_turns = cycle((client, other))
        while writer.step(next(taking_turns)):
            pass
        assert stage.control.failed > 0
        eventually(lambda: not client.serving(), "it says that it serves")
        for _ in range(10):
            with pytest.raises(Refused) as refused:
                next(taking_turns).update("elsewhere", [increment("n")])
            assert (refused.value.code, refused.value.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
            assert not client.serving()
            time.sleep(0.05)
        stage.recovers(client)
    assert {(refused.code, refused.reason) for refused in refusals(writer, since)} == {("UNAVAILABLE", "STORE_UNAVAILABLE")}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("skip", [0, 1, 2, 5])
@pytest.mark.parametrize(("call", "watched"), [(Call.WRITE, File.WAL), (Call.SYNC, File.WAL), (Call.READ, File.DATABASE | File.WAL)])
def test_one_call_that_fails_is_one_request_that_fails(stage: Stage, call: Call, watched: File, skip: int, carrier: Name) -> None:
    """[P13] Whichever call of a transaction it is."""
    writer, since = stage.writer, len(stage.writer.refused)
    with Client(stage.server.address, carrier) as client:
        stage.control.arm(call, watched, EIO, skip=skip, times=1)
        for _ in range(STEPS):
            if not writer.step(client):
                break
        assert stage.control.failed == 1 or call == Call.READ
        stage.recovers(client)
    # SQLite takes a page that cannot be read for a damaged one.
    expected = {"STORE_UNAVAILABLE", "DATA_LOSS"} if call == Call.READ else {"STORE_UNAVAILABLE"}
    assert {refused.reason for refused in refusals(writer, since)} <= expected


@pytest.mark.parametrize(("error", "carrier"), [(EIO, "grpc"), (ENOSPC, "direct")], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", [Call.WRITE, Call.SYNC])
def test_a_checkpoint_that_fails_costs_nothing_that_was_answered(stage: Stage, call: Call, error: int, carrier: Name) -> None:
    """[P13] The log keeps what the file does not have yet."""
    with Client(stage.server.address, carrier) as client:
        stage.control.arm(call, File.DATABASE, error)
        values = [random.Random(i).randbytes(MIB - 5) for i in range(8)]
        for i, value in enumerate(values):
            client.update("large", [set_to(f"v{i}", value)])
        assert stage.control.failed > 0
        for _ in range(5):
            assert stage.writer.step(client), stage.writer.refused[-1]
        stage.recovers(client)
        for i, value in enumerate(values):
            found = client.get("large", f"v{i}")
            assert found is not None
            assert found.value == value


def test_while_somebody_else_has_the_lock_of_the_file_writes_are_refused_and_then_it_recovers(stage: Stage) -> None:
    """[P13] [P18] After it has waited for some seconds; what is in memory is still read."""
    with both(stage.server.address) as (client, other), closing(sqlite3.connect(stage.database, isolation_level=None)) as locking:
        client.update("read", [set_to("a", 1)])
        locking.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(2) as pool:
            updates = [pool.submit(asked.update, "elsewhere", [increment("n")]) for asked in (client, other)]
        for update in updates:
            refused = update.exception()
            assert isinstance(refused, Refused)
            assert (refused.code, refused.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
        eventually(lambda: not client.serving(), "it says that it serves")
        for asked in (client, other):
            found = asked.get("read", "a")
            assert found is not None
            assert found.value == 1
        locking.execute("ROLLBACK")
        stage.recovers(client)


def test_what_is_deleted_after_its_commit_failed_stays_deleted_after_a_kill(stage: Stage) -> None:
    """[P5] A commit whose sync failed lies in the log all the same; "there was nothing to delete" has to hold for ever."""

    def deleted() -> bool:
        try:
            client.update("undone", [delete("a")])
        except Refused as refused:
            reasons.add(refused.reason)
            return False
        return True

    reasons: set[str] = set()
    with Client(stage.server.address) as client:
        client.update("undone", [set_to("before", 1)])
        stage.control.arm(Call.SYNC, File.WAL, EIO, times=1)
        with pytest.raises(Refused, match="unknown"):
            client.update("undone", [set_to("a", 1)])
        assert stage.control.failed == 1
        eventually(deleted, "it does not work again")
        assert reasons <= {"STORE_UNAVAILABLE"}
    stage.server.stop(signal.SIGKILL)
    stage.server.start()
    with Client(stage.server.address) as client:
        assert list(client.read("undone")[1]) == ["before"]


def test_after_all_of_it_a_restart_finds_what_was_answered(stage: Stage) -> None:
    """[P13] [P11] The last test of this file: everything above happened to one file."""
    stage.server.stop(signal.SIGKILL)
    stage.server.start()
    with Client(stage.server.address) as client:
        time.sleep(2 * SHORT_TTL_MS / 1000)
        stage.load.settle(client)
        assert stage.writer.looked_back.keys() == {*LOOKING_BACK}
    assert stage.server.stop() == 0
    assert files.integrity(stage.database) == "ok"
