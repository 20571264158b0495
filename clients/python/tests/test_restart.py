"""What a restart of the server leaves, and what its loss looks like."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Condition
from typing import Any
from uuid import UUID

import pytest

import session_bridge
from session_bridge import DeadlineExceededError, RevisionMismatchError, ServerUnavailableError

from .proxy import Proxy
from .servers import Server

pytestmark = pytest.mark.usefixtures("carrier")

VALUES: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 2**64 - 1,
    "big_integer": 2**100,
    "float": 1.0,
    "string": "grüß 😀",
    "bytes": bytes(range(256)) * 100,
    "list": [1, [2.0, None]],
    "map": {"temperature": 0.8},
    "timestamp": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "decimal": Decimal("1.10"),
    "uuid": UUID(int=7),
    "date": date(2024, 2, 29),
    "duration": timedelta(microseconds=-1),
    "tuple": (1, (2,)),
    "set": {1, 2},
}


def test_a_restart_keeps_every_acknowledged_variable(sqlite_server: Callable[[], Server]) -> None:
    """Values, types, revisions, deadlines, labels; and conditions go on holding."""
    first = sqlite_server()
    with session_bridge.connect(first.address) as bridge:
        session = bridge.get_session("kept", labels={"team": "a"})
        for name, value in VALUES.items():
            session[name] = value
        session.set_variable("brief", 1, ttl=3600)
        written, info = session.list_variables(), session.info()
    assert first.stop() == 0
    second = sqlite_server()
    with session_bridge.connect(second.address) as bridge:
        session = bridge.get_session("kept", create=False)
        assert session.list_variables() == written
        values = session.to_dict()
        assert {name: values[name] for name in VALUES} == VALUES
        assert {name: type(values[name]) for name in VALUES} == {name: type(value) for name, value in VALUES.items()}
        assert {entry.name: entry.type for entry in written if entry.name in VALUES} == {name: name for name in VALUES}
        again = session.info()
        assert (again.revision, again.labels, again.created_at) == (info.revision, info.labels, info.created_at)
        revisions = {entry.name: entry.revision for entry in written}
        with pytest.raises(RevisionMismatchError):
            session.set_variable("integer", 1, if_revision=revisions["map"])
        assert session.set_variable("integer", 1, if_revision=revisions["integer"]) > info.revision
    assert second.stop() == 0


def test_a_killed_server_loses_nothing_that_was_acknowledged(sqlite_server: Callable[[], Server]) -> None:
    first = sqlite_server()
    with session_bridge.connect(first.address) as bridge:
        acknowledged = [bridge.get_session("kept").increment("n") for _ in range(50)]
    first.kill()
    second = sqlite_server()
    with session_bridge.connect(second.address) as bridge:
        assert bridge.get_session("kept")["n"] == acknowledged[-1] == 50
    second.stop()


def test_a_bridge_outlives_its_server(sqlite_server: Callable[[], Server], tmp_path: Any) -> None:
    """A call waits for the server to come back; a change that was sent into its loss says that nobody knows."""
    first = sqlite_server()
    with session_bridge.connect(first.address, timeout=20) as bridge:
        session = bridge.get_session("kept")
        session["x"] = 1
        first.stop()
        with pytest.raises(ServerUnavailableError) as caught:
            session.with_options(retry=False).set_variable("x", 2)
        assert caught.value.outcome == "unknown"
        with pytest.raises(ServerUnavailableError):
            session.with_options(timeout=0.2).get_variable("x")
        with pytest.raises(ServerUnavailableError):
            session.with_options(retry=False).get_variable("x")
        second = Server(f"sqlite:{tmp_path / 'sessions.db'}", tmp_path / "server.log", first.address)
        assert session["x"] == 1
        session["x"] = 2
        assert session["x"] == 2
        second.stop()


ENDS = 6
WRITERS = 8


def test_p6_changes_over_kills_and_stops_are_applied_exactly_once(
    sqlite_server: Callable[[], Server], tmp_path: Any
) -> None:
    """[P6] Every increment is acknowledged, each with a number of its own, however often it had to be sent."""
    server = sqlite_server()
    acknowledged: list[int] = []
    grown = Condition()
    over = False

    def write() -> None:
        with session_bridge.connect(server.address, timeout=60) as bridge:
            session = bridge.get_session("counted")
            while not over:
                number = session.increment("n")
                with grown:
                    acknowledged.append(int(number))
                    grown.notify_all()

    def wait_for_more(count: int) -> None:
        with grown:
            wanted = len(acknowledged) + count
            assert grown.wait_for(lambda: len(acknowledged) >= wanted or all(writer.done() for writer in writers), 60)

    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(write) for _ in range(WRITERS)]
            try:
                for end in range(ENDS):
                    wait_for_more(5 * WRITERS)
                    if end % 3 == 1:
                        assert server.stop() == 0
                    else:
                        server.kill()
                    server = Server(f"sqlite:{tmp_path / 'sessions.db'}", tmp_path / "server.log", server.address)
                wait_for_more(WRITERS)
            finally:
                over = True
        for writer in writers:
            writer.result()
        with session_bridge.connect(server.address) as bridge:
            assert bridge.get_session("counted")["n"] == len(acknowledged)
        assert sorted(acknowledged) == [*range(1, len(acknowledged) + 1)]
    finally:
        server.stop()


def test_p6_a_change_whose_answer_is_lost_with_its_connection_is_applied_once(server: Server) -> None:
    """[P6] It is sent again on another connection, under its id, and answered as the first time."""
    with (
        Proxy(server.address) as proxy,
        session_bridge.connect(proxy.address, timeout=60) as bridge,
        session_bridge.connect(server.address, timeout=60) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        session, told = bridge.get_session("answer-lost"), other.get_session("answer-lost")

        def lose_the_answer(number: int) -> None:
            proxy.lose_answers()
            writing = pool.submit(session.increment, "n")
            told.wait_for("n", lambda n: n == number, 30)
            assert not writing.done()
            proxy.cut()
            assert writing.result(30) == number

        for number in range(1, 6):
            assert session.increment("calls") == number
            lose_the_answer(number)
        assert told.to_dict() == {"calls": 5, "n": 5}
        told.destroy()


def test_p18_calls_to_a_server_that_stands_still_end_at_their_deadlines_and_disturb_no_later_one(
    sqlite_server: Callable[[], Server],
) -> None:
    """[P18] Whether a change was made, nobody can tell then."""
    server = sqlite_server()
    try:
        with session_bridge.connect(server.address, timeout=20) as bridge:
            session = bridge.get_session("still")
            session["kept"] = "as it was"
            server.signal(signal.SIGSTOP)
            hasty = session.with_options(timeout=0.3)
            for call, outcome in (
                (lambda: hasty.get_variable("kept"), "not_applied"),
                (lambda: hasty.increment("n"), "unknown"),
            ):
                begun = time.monotonic()
                with pytest.raises(DeadlineExceededError) as caught:
                    call()
                assert time.monotonic() - begun < 5
                assert caught.value.outcome == outcome
            server.signal(signal.SIGCONT)
            assert session["kept"] == "as it was"
            assert session.get_variable("n") in (None, 1)
    finally:
        server.signal(signal.SIGCONT)
        server.stop()
