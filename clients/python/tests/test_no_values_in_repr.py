"""A value never shows up where nobody asked for it: in a repr, an exception or the server's log."""

import json
import traceback
from collections.abc import Callable

import pytest

import session_bridge
from session_bridge import Bridge, BridgeError, Session

from .servers import Server

MARKER = "marker-5f2c9a"


def test_no_repr_shows_values(bridge: Bridge) -> None:
    session = bridge.create_session(history=1)
    session["x"] = session["x"] = MARKER
    (earlier,) = session.history("x")
    assert earlier.value == MARKER
    entry = session.get_entry("x")
    assert entry is not None
    assert entry.value == MARKER
    with session.watch() as watch, session.transaction() as transaction:
        change = next(watch)
        assert change.value == transaction["x"] == MARKER
    for thing in (
        session,
        entry,
        earlier,
        change,
        watch,
        transaction,
        session.keys(),
        session.values(),
        session.items(),
        session.list_variables(),
        session.info(),
    ):
        assert MARKER not in repr(thing)
        assert MARKER not in str(thing)


def conflict(session: Session) -> None:
    with session.transaction() as t:
        t["y"] = t["x"]
        session["x"] = MARKER


def own_writes(session: Session) -> None:
    with session.transaction() as t:
        t.append("x", MARKER)
        t.increment("x")
        t.get_variable("x")


REFUSED: dict[str, Callable[[Session], object]] = {
    "declared": lambda s: s.declare("x", int),
    "increment": lambda s: s.increment("x"),
    "append": lambda s: s.append("x", [MARKER]),
    "merge": lambda s: s.merge("x", {MARKER: MARKER}),
    "revision": lambda s: s.set_variable("x", MARKER, if_revision=0),
    "too large": lambda s: s.set_variable("x", MARKER * 100_000),
    "message too large": lambda s: s.set_variable("x", MARKER * 400_000),
    "type": lambda s: s.get_variable("x", type=int),
    "type inside": lambda s: s.get_variable("config", type=dict[str, int]),
    "not storable": lambda s: s.set_variable("x", {"a": [MARKER, object()]}),
    "conflict": conflict,
    "own writes": own_writes,
    "edit": lambda s: s.edit("x").__enter__(),
    "forgotten return": lambda s: s.update_variable("x", lambda value: None),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_exception_shows_values(session: Session, what: str) -> None:
    session.update({"x": MARKER, "config": {"a": MARKER}})
    with pytest.raises(BridgeError) as caught:
        REFUSED[what](session)
    error: BaseException | None = caught.value
    while error is not None:
        assert MARKER not in "".join(traceback.format_exception_only(error)) + repr(error)
        error = error.__cause__


def test_no_log_shows_values(sqlite_server: Callable[[], Server]) -> None:
    server = sqlite_server()
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session("logged")
        session["x"] = MARKER
        for call in REFUSED.values():
            session.update({"x": MARKER, "config": {"a": MARKER}})
            with pytest.raises(BridgeError):
                call(session)
    assert server.stop() == 0
    lines = server.log.read_text().splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert MARKER not in server.log.read_text()
