"""What a killed server leaves behind that answers before it saves."""

import random
import signal
import time
from pathlib import Path

import files
import pytest
import shim
from carriers import CARRIERS, Name, carrier_of
from load import REMEMBERING, Load, writers
from model import SHORT_TTL_MS, without_passing
from processes import Server
from script import eventually
from shim import EIO, EVERY_CALL, EVERY_FILE, Control
from wire import Client, Stored, set_to

# Longer than by default: the promise is for stores that save in time, and a busy machine takes its time.
WINDOW_MS = 400
SETTINGS = {**REMEMBERING, "SESSION_BRIDGE_DURABILITY": "write-behind", "SESSION_BRIDGE_WRITE_BEHIND_WINDOW_MS": str(WINDOW_MS)}
WRITERS = 4


def now_ms() -> int:
    """The position of a run: its time."""
    return time.monotonic_ns() // 1_000_000


def read(load: Load, address: str, carrier: Name) -> dict[str, dict[str, Stored]]:
    """Every session of the load."""
    sessions = {line.session for writer in load.writers for line in writer.lines}
    with Client(address, carrier) as client:
        return {session: client.read(session)[1] for session in sorted(sessions)}


def lost(load: Load, found: dict[str, dict[str, Stored]]) -> int:
    """How many writers' variables of a session are not what was answered last."""
    lines = [line for writer in load.writers for line in writer.lines]
    return sum(without_passing(line.own(found[line.session])) != line.moments[-1].held for line in lines)


def test_a_kill_loses_only_the_last_answers_of_each_session_and_none_before_the_window(tmp_path: Path, rounds: int, seed: int) -> None:
    """[P12] Killed at a random moment under mixed load, each time on a new file."""
    chance = random.Random(seed)
    losses = 0
    for number in range(max(4, rounds // 4)):
        database = tmp_path / f"{number}.db"
        server = Server(database, SETTINGS)
        try:
            with Load(writers(WRITERS, seed + number, now_ms)) as load:
                load.start(server.address)
                time.sleep(chance.uniform(0.2, 1.2))
                killed_ms = now_ms()
                server.stop(signal.SIGKILL)
                load.join()
                server.start()
                time.sleep(2 * SHORT_TTL_MS / 1000)
                found = read(load, server.address, carrier_of(number))
                load.settle_at(killed_ms - WINDOW_MS, found)
                losses += lost(load, found)
                assert load.answered_over.keys() == {*CARRIERS}
            assert server.stop() == 0
        finally:
            server.close()
        assert files.integrity(database) == "ok"
    # Were nothing ever lost, the test could not tell this mode from the others.
    assert losses > 0


def test_a_clean_stop_saves_everything_that_was_answered(tmp_path: Path, seed: int) -> None:
    """[P12] However little time there was."""
    server = Server(tmp_path / "sessions.db", {**SETTINGS, "SESSION_BRIDGE_WRITE_BEHIND_WINDOW_MS": "600000"})
    try:
        with Load(writers(WRITERS, seed)) as load:
            load.start(server.address, most=150)
            load.join()
            assert server.stop() == 0
            server.start()
            with Client(server.address, "direct") as client:
                load.settle(client)
                load.settle_past(client)
    finally:
        server.close()


@pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)
def test_a_stop_while_the_disk_fails_says_what_is_lost_and_one_after_it_works_again_loses_nothing(library: Path, tmp_path: Path) -> None:
    """[P12] [P13] Exit code 1 and one line in the first case; in the second what was answered while it failed is there."""
    for heals, carrier in ((False, carrier_of(0)), (True, carrier_of(1))):
        folder = tmp_path / f"heals-{heals}"
        folder.mkdir()
        database, control = folder / "sessions.db", Control(folder / "control")
        server = Server(database, {**shim.environment(library, database, control=control), **SETTINGS})
        with Client(server.address, carrier) as client:
            client.update("s", [set_to("before", 1)])
            time.sleep(2 * WINDOW_MS / 1000)
            control.arm(EVERY_CALL, EVERY_FILE, EIO)
            client.update("s", [set_to("while", 2)])
            eventually(lambda: not client.serving(), "it says that it serves")
            if heals:
                control.disarm()
                eventually(client.serving, "it does not serve again")
        assert server.stop() == (0 if heals else 1)
        control.disarm()
        assert ("1 acknowledged changes could not be saved" in server.log()) is not heals
        server.start()
        with Client(server.address, carrier) as client:
            assert sorted(client.read("s")[1]) == (["before", "while"] if heals else ["before"])
        server.close()
        control.close()
