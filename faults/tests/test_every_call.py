"""One call of the storage after another fails, in a fixed script."""

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import files
import pytest
import shim
from carriers import Name, carrier_of
from inspector import Inspector
from model import same, without_passing
from processes import Server
from script import Script, eventually
from shim import EAGAIN, EIO, ENOSPC, EVERY_CALL, EVERY_FILE, GARBLED, Call, Control
from wire import Client, Refused

pytestmark = pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)


@dataclass(frozen=True)
class Case:
    """What fails; `times` is how many calls one after another: one, or some of those with which it recovers, too."""

    error: int
    calls: Call
    usual_stride: int
    times: tuple[int, ...] = (1, 6)
    runs_between_restarts: int = 20
    restart: signal.Signals = signal.SIGKILL


CASES = {
    "EIO": Case(EIO, EVERY_CALL, 13),
    "ENOSPC": Case(ENOSPC, EVERY_CALL, 13),
    "BUSY": Case(EAGAIN, Call.LOCK, 4),
    # What a checkpoint reads wrongly is what the file has from then on, and SQLite cannot know: there must be none but when nothing fails.
    "CORRUPT": Case(GARBLED, Call.READ, 3, times=(1, 2), runs_between_restarts=8, restart=signal.SIGTERM),
}


class Stage:
    """A server that keeps no session in memory, so that every read is one of the storage, and whose storage can be made to fail."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.database = folder / "sessions.db"
        self.control = Control(folder / "control")
        environment = shim.environment(library, self.database, control=self.control)
        self.server = Server(self.database, {**environment, "SESSION_BRIDGE_MAX_MEMORY_BYTES": "1"})
        self._inspector = Inspector()
        self._copies = count()

    def __enter__(self) -> "Stage":
        self._inspector.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._inspector.__exit__(None, None, None)
        self.server.close()
        self.control.close()

    def holds(self, script: Script) -> None:
        """Whether what a restart would find now is what was answered."""
        copied = files.copy(self.database, self.database.parent / f"copy-{next(self._copies)}")
        found = self._inspector.contents(copied)
        assert files.integrity(copied) == "ok"
        for session, held in script.held().items():
            assert same(without_passing(found.get(session, (0, {}))[1]), held, 0), session

    def restart(self, script: Script, how: signal.Signals) -> None:
        """Whether what a restart does find is that."""
        self.server.stop(how)
        self.server.start()
        with Client(self.server.address) as client:
            for session, held in script.held().items():
                assert same(client.read(session)[1], held, 0), session


@pytest.fixture
def stage(library: Path, tmp_path: Path) -> Iterator[Stage]:
    with Stage(library, tmp_path) as stage:
        yield stage


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_whichever_call_fails_each_operation_is_done_or_not_and_then_it_works(
    stage: Stage, case: Case, every_call: bool, seed: int
) -> None:
    """[P13] [P18] [P5] Until the script has no such call any more; SQLite takes a lock that it does not get for somebody else's."""
    stride = 1 if every_call else case.usual_stride
    first = random.Random(seed).randrange(stride)
    refused = {"changes": 0, "reads": 0}
    for times in case.times:
        for number, skip in enumerate(count(first, stride)):
            # Each call fails on either, once and several times.
            script, failed = run(stage, case, carrier_of(times + number), f"t{times}-{number}", skip, times)
            refused["changes"] += len(script.changes_refused)
            refused["reads"] += len(script.reads_refused)
            if number % case.runs_between_restarts == 0 or failed == 0:
                stage.restart(script, case.restart)
            with Client(stage.server.address) as client:
                script.remove(client)
            if failed == 0:
                break
    print(refused)
    # A lock that somebody else has is waited for.
    assert case.error == EAGAIN or sum(refused.values()) > 0


def run(stage: Stage, case: Case, carrier: Name, name: str, skip: int, times: int) -> tuple[Script, int]:
    """The script while so many calls after the first ones fail, what it found, and how many did fail."""
    with Client(stage.server.address, carrier) as client:
        stage.control.arm(case.calls, EVERY_FILE, case.error, skip=skip, times=times)
        script = Script(client, name, stage.control.disarm)
        script.run()
        failed = stage.control.failed
        stage.control.disarm()
        eventually(client.serving, "it does not say that it serves")
        script.settle()
    for refused in script.changes_refused + script.reads_refused:
        check_refusal(refused, case.error)
    if script.changes_refused or script.reads_refused:
        stage.holds(script)
    return script, failed


def check_refusal(refused: Refused, error: int) -> None:
    """What makes no sense when it is read twice is damaged; SQLite takes a page that cannot be read for a damaged one, too."""
    if refused.reason == "DATA_LOSS":
        assert error in (EIO, GARBLED)
        assert (refused.code, refused.outcome) == ("DATA_LOSS", "not_applied")
    else:
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
