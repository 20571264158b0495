"""What a killed server leaves behind that answers before it saves."""

import random
import signal
import time
from pathlib import Path

import files
from load import SHORT_TTL_MS, Load, without_passing, writers
from processes import Server
from wire import Client, Stored

# Longer than by default: the promise is for stores that save in time, and a busy machine takes its time.
WINDOW_MS = 400
SETTINGS = {"SESSION_BRIDGE_DURABILITY": "write-behind", "SESSION_BRIDGE_WRITE_BEHIND_WINDOW_MS": str(WINDOW_MS)}
WRITERS = 4


def now_ms() -> int:
    """The position of a run: its time."""
    return time.monotonic_ns() // 1_000_000


def read(load: Load, address: str) -> dict[str, dict[str, Stored]]:
    """Every session of the load."""
    sessions = {line.session for writer in load.writers for line in writer.lines}
    with Client(address) as client:
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
                found = read(load, server.address)
                load.settle_at(killed_ms - WINDOW_MS, found)
                losses += lost(load, found)
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
            with Client(server.address) as client:
                load.settle(client)
    finally:
        server.close()
