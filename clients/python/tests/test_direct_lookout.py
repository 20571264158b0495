"""How a thread waits for its answer: whether it looks for it or sleeps."""

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from session_bridge import InvalidArgumentError, connect
from session_bridge._direct_lookout import LOOK_SECONDS, Lookout
from session_bridge._direct_socket import CAN_LOOK, DirectSocket

from .servers import Server

pytestmark = pytest.mark.skipif(not CAN_LOOK, reason="without sched_yield every wait is a sleep")

DEADLINE = 10.0


class Answers:
    """A clock, and a connection whose answers come so many seconds after they are waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.takes = 0.0
        self.waits: list[str] = []
        self.while_looking: Callable[[], object] = lambda: None

    def clock(self) -> float:
        return self.now

    def look(self, size: int, until: float) -> bytes | None:
        self.waits.append("look")
        self.while_looking()
        came = self.now + self.takes
        self.now = min(came, until)
        self.takes = came - self.now
        return b"answer" if came <= until else None

    def receive(self, size: int, deadline: float | None) -> bytes:
        self.waits.append("sleep")
        self.now += self.takes
        return b"answer"

    def ask(self, lookout: Lookout, method: str, takes: float) -> list[str]:
        """How an answer is waited for that takes so long."""
        self.waits, self.takes = [], takes
        assert lookout.receive(self, method, 100, DEADLINE) == b"answer"
        return self.waits


def test_answers_that_come_soon_are_looked_for_until_one_does_not() -> None:
    answers = Answers()
    lookout = Lookout(answers.clock)
    assert answers.ask(lookout, "get", LOOK_SECONDS / 2) == ["sleep"]
    assert answers.ask(lookout, "get", LOOK_SECONDS / 2) == ["look"]
    assert answers.ask(lookout, "get", LOOK_SECONDS) == ["look"]
    assert answers.ask(lookout, "get", LOOK_SECONDS * 2) == ["look", "sleep"]
    assert answers.ask(lookout, "get", LOOK_SECONDS * 2) == ["sleep"]
    assert answers.ask(lookout, "get", LOOK_SECONDS) == ["sleep"]
    assert answers.ask(lookout, "get", LOOK_SECONDS) == ["look"]


def test_what_one_method_takes_says_nothing_of_another() -> None:
    answers = Answers()
    lookout = Lookout(answers.clock)
    answers.ask(lookout, "get", 0)
    assert answers.ask(lookout, "set", LOOK_SECONDS * 5) == ["sleep"]
    assert answers.ask(lookout, "get", 0) == ["look"]
    assert answers.ask(lookout, "set", LOOK_SECONDS * 5) == ["sleep"]


def test_nobody_looks_longer_than_to_the_deadline() -> None:
    answers = Answers()
    lookout = Lookout(answers.clock)
    answers.ask(lookout, "get", 0)
    answers.now = DEADLINE - LOOK_SECONDS / 4
    assert answers.ask(lookout, "get", LOOK_SECONDS / 2) == ["look", "sleep"]


def test_only_who_waits_alone_looks() -> None:
    answers, others = Answers(), Answers()
    lookout = Lookout(answers.clock)
    answers.ask(lookout, "get", 0)
    waited: list[list[str]] = []
    answers.while_looking = lambda: waited.append(others.ask(lookout, "get", 0))
    assert answers.ask(lookout, "get", 0) == ["look"]
    assert waited == [["sleep"]]
    answers.while_looking = lambda: None
    assert answers.ask(lookout, "get", 0) == ["look"]


def test_a_look_that_ends_in_an_error_lets_others_look() -> None:
    answers = Answers()
    lookout = Lookout(answers.clock)
    answers.ask(lookout, "get", 0)

    def fail() -> None:
        raise ConnectionResetError

    answers.while_looking = fail
    with pytest.raises(ConnectionResetError):
        answers.ask(lookout, "get", 0)
    answers.while_looking = lambda: None
    assert answers.ask(lookout, "get", 0) == ["look"]


@contextmanager
def connected() -> Generator[tuple[DirectSocket, socket.socket]]:
    """A connection, and its other side."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = DirectSocket(f"127.0.0.1:{server.getsockname()[1]}", 5)
        theirs, _ = server.accept()
        with theirs:
            yield ours, theirs
        ours.close()


def test_a_look_finds_what_is_there_and_ends_when_nothing_comes() -> None:
    with connected() as (ours, theirs):
        until = time.monotonic() + 0.02
        assert ours.look(100, until) is None
        assert time.monotonic() >= until
        theirs.sendall(b"answer")
        assert ours.look(100, time.monotonic() + 5) == b"answer"
        theirs.close()
        with pytest.raises(ConnectionResetError):
            ours.look(100, time.monotonic() + 5)


def test_what_the_other_side_is_slow_to_take_is_sent_whole() -> None:
    sent = bytes(range(256)) * 65_536
    with connected() as (ours, theirs):
        sending = threading.Thread(target=ours.send, args=(sent, 30))
        sending.start()
        received = bytearray()
        while len(received) < len(sent):
            received += theirs.recv(1 << 20)
        sending.join()
        assert received == sent


def test_what_the_other_side_does_not_take_has_a_deadline() -> None:
    with connected() as (ours, _), pytest.raises(TimeoutError):
        ours.send(bytes(64 * 1024 * 1024), 0.2)


def test_sleeping_for_an_answer_ends_at_the_deadline() -> None:
    with connected() as (ours, _), pytest.raises(TimeoutError):
        ours.receive(100, time.monotonic() + 0.05)


@pytest.mark.parametrize("said", ["true", "1", "", "false", "0"])
def test_whether_a_thread_may_look_is_what_the_environment_says(
    said: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_BRIDGE_LOOK", said)
    monkeypatch.setattr("session_bridge._direct_lookout.LOOK_SECONDS", 1.0)
    looks: list[float] = []
    look = DirectSocket.look

    def counted(self: DirectSocket, size: int, until: float) -> bytes | None:
        looks.append(until)
        return look(self, size, until)

    monkeypatch.setattr(DirectSocket, "look", counted)
    with connect(server.address, carrier="direct") as bridge:
        session = bridge.get_session("looked-for")
        for _ in range(20):
            session.get_variable("a")
    assert any(until > 0 for until in looks) == (said in ("true", "1", ""))


def test_the_environment_says_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_BRIDGE_LOOK", "perhaps")
    with pytest.raises(InvalidArgumentError, match="SESSION_BRIDGE_LOOK is true or false, not 'perhaps'"):
        connect("localhost:1", carrier="direct")
