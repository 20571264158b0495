"""A server that is killed when a commit is on the disk and its answer is not sent yet; the call is sent again."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import shim
from carriers import CARRIERS, Name
from model import LONG_TTL_MS
from processes import Server
from shim import KILLED, Call, Control, File
from wire import Client, Refused, append, delete, increment, packed, set_to

import session_bridge
from session_bridge.v1 import common_pb2, sessions_pb2, variables_pb2

KILLS = 3

pytestmark = pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(tmp_path / "control")
    yield control
    control.close()


@pytest.fixture
def killed(library: Path, tmp_path: Path, control: Control) -> Iterator[Server]:
    """A server that is killed by the first sync after `kill_at_commit`."""
    database = tmp_path / "sessions.db"
    server = Server(database, shim.environment(library, database, control=control))
    yield server
    server.close()


def kill_at_commit(control: Control) -> None:
    """The log is synced once for each commit; whoever waits for that one's answer gets none."""
    control.arm(Call.SYNC, File.WAL, KILLED, times=1)


SESSION = "resent"
UPDATE = variables_pb2.UpdateVariablesRequest(
    session_id=SESSION, operations=[increment("n", 5), append("l", ["x"]), delete("old"), set_to("new", "y" * 20_000)]
)
CHANGES: dict[str, Any] = {
    "SetVariable": variables_pb2.SetVariableRequest(session_id=SESSION, name="old", value=packed(2), want_previous=True),
    "DeleteVariable": variables_pb2.DeleteVariableRequest(session_id=SESSION, name="old"),
    "UpdateVariables": UPDATE,
    "TouchSession": sessions_pb2.TouchSessionRequest(session_id=SESSION, ttl=common_pb2.Ttl(ttl_ms=LONG_TTL_MS)),
    "DeleteSession": sessions_pb2.DeleteSessionRequest(session_id=SESSION),
    "ForkSession": sessions_pb2.ForkSessionRequest(session_id=SESSION, new_session_id="copy"),
    "CreateSession": sessions_pb2.CreateSessionRequest(),
}
"""Each kind of change; the last one makes a session whose id is the server's."""


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("method", CHANGES)
def test_p6_a_change_that_was_committed_and_not_answered_is_not_applied_again(
    killed: Server, control: Control, method: str, carrier: Name
) -> None:
    """[P6] [P10] It is there after the restart; its repeats, over either carrier, change nothing and are answered as it would have been."""
    request = CHANGES[method]
    request.request_id = os.urandom(16)
    with Client(killed.address, carrier) as client:
        client.update(SESSION, [set_to("old", 1), increment("n", 1)])
        before = state(client)
        kill_at_commit(control)
        with pytest.raises(Refused, match="unknown"):
            client.send(method, request)
    assert killed.wait() == -signal.SIGKILL
    assert control.failed == 1
    control.disarm()
    killed.start()
    with Client(killed.address, "grpc") as client, Client(killed.address, "direct") as other:
        after = state(client)
        assert after != before
        request.resent_after_ms = 1000
        answers = [asked.send(method, request) for asked in (client, other)]
        assert state(client) == after
    assert answers[0] == answers[1]
    assert_right(method, answers[0], revision=after[SESSION][0] if SESSION in after else 0)


def state(client: Client) -> dict[str, Any]:
    """Of every session its revision and its variables."""
    return {session: client.read(session) for session in client.sessions()}


def assert_right(method: str, answer: Any, revision: int) -> None:
    """What the answer would have been."""
    if method == "SetVariable":
        assert (answer.applied, answer.revision, answer.previous.value) == (True, revision, packed(1))
    elif method == "UpdateVariables":
        assert answer.session_revision == revision
        assert [result.applied for result in answer.results] == [True] * 4
        assert (answer.results[0].number, answer.results[1].count) == (packed(6), 1)
    elif method in ("DeleteVariable", "DeleteSession"):
        assert answer.deleted
    elif method == "ForkSession":
        assert answer.session.session_id == "copy"
    elif method == "TouchSession":
        assert answer.session.revision == revision
    else:
        assert answer.session.session_id


@pytest.mark.parametrize("carrier", CARRIERS)
def test_p6_a_client_gets_over_kills_between_commit_and_answer(killed: Server, control: Control, carrier: Name) -> None:
    """[P6] The library sends it again by itself: every increment counts once, and has the number that it made."""
    with session_bridge.connect(killed.address, timeout=60, carrier=carrier) as bridge, ThreadPoolExecutor(1) as pool:
        session = bridge.get_session(SESSION)
        session["n"] = 0
        for number in range(1, KILLS + 1):
            kill_at_commit(control)
            incremented = pool.submit(session.increment, "n")
            assert killed.wait() == -signal.SIGKILL
            control.disarm()
            killed.start(killed.address)
            assert incremented.result() == number
        assert session["n"] == KILLS
