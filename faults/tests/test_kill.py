"""What a killed server leaves behind."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import files
import pytest
from carriers import CARRIERS, Name, carrier_of
from load import LOOKING_BACK, REMEMBERING, Load, writers
from processes import ENVIRONMENT, NODE, Server
from wire import Client, Stored, increment

PROGRAM = Path(__file__).parents[1] / "programs" / "writer.ts"
PYTHON_WRITERS = 4
# So that there is something of everything, however soon the server is killed.
FIRST_ANSWERS = 40


class TypeScriptWriter:
    """programs/writer.ts: what it was answered, and what is there."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._round = 0
        self._missing = 0

    def start(self, address: str, carrier: Name) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"address": address, "carrier": carrier, "session": "typescript", "from": self._round}) + "\n")
        self._process.stdin.flush()

    def join(self) -> dict[str, int]:
        assert self._process.stdout is not None
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found

    def settle(self, done: dict[str, int], found: dict[str, Stored]) -> None:
        """A whole batch or none of it, and an increment only of what was answered."""
        if not found:
            assert done["batches"] == 0
            return
        last = found["a"].value
        assert isinstance(last, int)
        assert done["batches"] <= last <= done["batches"] + 1
        assert [found["c"].value, found["b"].value] == [last, "x" * (last % 5 * 1500)]
        assert len({found[name].revision for name in "abc"}) == 1
        count = found["n"].value if "n" in found else 0
        assert isinstance(count, int)
        # The increment of a round is asked for when its batch was answered.
        assert count == done["increments"] or (count == done["batches"] == done["increments"] + 1)
        self._missing = last - count
        self._round = last

    def catch_up(self, client: Client) -> None:
        """Both numbers at the same round again."""
        if self._missing:
            client.update("typescript", [increment("n", self._missing)])


@contextmanager
def typescript_writer() -> Iterator[TypeScriptWriter]:
    command: list[str | Path] = [NODE, "--disable-warning=ExperimentalWarning", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        yield TypeScriptWriter(process)


@pytest.mark.parametrize("durability", ["fsync", "commit"])
def test_what_was_answered_before_a_kill_is_there_and_nothing_is_there_by_half(
    tmp_path: Path, rounds: int, seed: int, durability: str
) -> None:
    """[P11] [P5] [P7] Killed at a random moment under mixed load of five clients in two languages, again and again on one file.

    Both carriers carry it at once. Copies of sessions are judged as sessions are; what variables were is known; and going back to a state
    that has a name leads to just that state.
    """
    chance = random.Random(seed)
    database = tmp_path / "sessions.db"
    # Both together make all rounds.
    rounds = (rounds + 1) // 2
    started = closing(Server(database, {**REMEMBERING, "SESSION_BRIDGE_DURABILITY": durability}))
    with started as server, Load(writers(PYTHON_WRITERS, seed)) as load, typescript_writer() as typescript:
        load.start(server.address, most=FIRST_ANSWERS)
        load.join()
        for number in range(rounds):
            load.start(server.address)
            typescript.start(server.address, carrier_of(number))
            time.sleep(chance.uniform(0.02, 0.4))
            server.stop(signal.SIGKILL)
            load.join()
            done = typescript.join()
            copied = files.copy(database, tmp_path / f"copy-{number}")
            assert files.integrity(copied) == "ok"
            server.start()
            with Client(server.address, carrier_of(number)) as client:
                load.settle(client)
                load.settle_past(client)
                typescript.settle(done, client.read("typescript")[1])
                typescript.catch_up(client)
        print(load.answered_over, load.looked_back)
        assert all(load.answered_over[carrier] > 5 * rounds for carrier in CARRIERS)
        assert load.looked_back.keys() == {*LOOKING_BACK}
        assert server.stop() == 0
    assert files.integrity(database) == "ok"
