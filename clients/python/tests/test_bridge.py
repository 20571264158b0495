"""Connecting, waiting, closing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

import session_bridge
from session_bridge import (
    Bridge,
    BridgeClosedError,
    DeadlineExceededError,
    InvalidArgumentError,
    ServerUnavailableError,
    SessionExistsError,
    SessionNotFoundError,
)

from .servers import Server, serving

pytestmark = pytest.mark.usefixtures("carrier")


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def test_a_refusing_server_fails_at_once_and_says_what_to_start(free_port: int) -> None:
    with session_bridge.connect(f"127.0.0.1:{free_port}") as bridge:
        session = bridge.get_session("a")
        for call in (
            lambda: session.get_variable("x"),
            lambda: session.set_variable("x", 1),
            lambda: session.update(a=1),
        ):
            begun = time.monotonic()
            with pytest.raises(ServerUnavailableError) as caught:
                call()
            assert time.monotonic() - begun < 1
            assert f"127.0.0.1:{free_port}" in str(caught.value)
            assert "npx @session-bridge/server serve" in str(caught.value)
            assert caught.value.outcome == "not_applied"
            assert isinstance(caught.value, ConnectionError)


def test_a_silent_server_fails_at_the_deadline(silent_port: int) -> None:
    with session_bridge.connect(f"127.0.0.1:{silent_port}", timeout=0.3) as bridge:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceededError) as caught:
            bridge.get_session("a").set_variable("x", 1)
        assert time.monotonic() - begun < 2
        assert caught.value.outcome == "not_applied"
        assert isinstance(caught.value, TimeoutError)


def test_wait_ready_waits_for_a_server_that_starts_later(free_port: int, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port}"
    with session_bridge.connect(address) as bridge:
        begun = time.monotonic()
        with pytest.raises(ServerUnavailableError):
            bridge.wait_ready(timeout=0.2)
        assert time.monotonic() - begun < 2
        failures: list[BaseException] = []

        def wait() -> None:
            try:
                bridge.wait_ready(timeout=30)
            except BaseException as error:
                failures.append(error)

        waiting = Thread(target=wait)
        waiting.start()
        with serving("memory", tmp_path / "server.log", address):
            waiting.join()
            assert failures == []
            assert bridge.get_session("a").increment("n") == 1


def test_a_closed_bridge_says_so_and_touches_no_other(server: Server) -> None:
    first = session_bridge.connect(server.address)
    second = session_bridge.connect(server.address)
    session = first.get_session()
    session["x"] = 1
    iterator = first.list_sessions()
    first.close()
    first.close()
    for call in (lambda: session["x"], lambda: session.set_variable("x", 1), lambda: next(iterator), first.wait_ready):
        with pytest.raises(BridgeClosedError) as caught:
            call()
        assert caught.value.outcome == "not_applied"
    assert second.get_session(session.id).pop("x") == 1
    second.close()


def test_a_bridge_that_never_called_closes(server: Server) -> None:
    with session_bridge.connect(server.address) as bridge:
        pass
    with pytest.raises(BridgeClosedError):
        bridge.get_session("a").get_variable("x")


def test_closing_ends_calls_under_way(silent_port: int) -> None:
    bridge = session_bridge.connect(f"127.0.0.1:{silent_port}", timeout=30)
    raised: list[BaseException] = []

    def read() -> None:
        try:
            bridge.get_session("a").get_variable("x")
        except BaseException as error:
            raised.append(error)

    reading = Thread(target=read)
    reading.start()
    time.sleep(0.2)
    bridge.close()
    reading.join(timeout=10)
    assert [type(error) for error in raised] == [BridgeClosedError]


def test_options_are_of_the_copy_and_the_connection_is_shared(server: Server) -> None:
    with session_bridge.connect(server.address) as bridge:
        hasty = bridge.with_options(timeout=1e-6)
        with pytest.raises(DeadlineExceededError):
            hasty.get_session("a").get_variable("x")
        assert bridge.get_session("a").get_variable("x") is None
        assert bridge.get_session("a").with_options(timeout=3, retry=False) == hasty.get_session("a")


def test_create_session_makes_what_is_not_there(bridge: Bridge) -> None:
    wanted = f"made-{uuid4().hex}"
    session = bridge.create_session(wanted, ttl=60, labels={"a": "b"}, max_life=3600)
    assert session.id == wanted
    assert session.info().labels == {"a": "b"}
    with pytest.raises(SessionExistsError):
        bridge.create_session(wanted)
    assert bridge.delete_session(wanted) is True
    assert bridge.delete_session(wanted) is False
    generated = bridge.create_session()
    assert len(generated.id) == 22
    assert generated.destroy() is True


def test_list_sessions_walks_over_all_pages(bridge: Bridge) -> None:
    prefix = f"listed-{uuid4().hex}-"
    for i in range(7):
        bridge.create_session(f"{prefix}{i}", labels={"odd": str(i % 2)}, ttl=60)
    assert [info.id for info in bridge.list_sessions(prefix=prefix)] == [f"{prefix}{i}" for i in range(7)]
    odd = bridge.list_sessions(prefix=prefix, labels={"odd": "1"})
    assert [info.id for info in odd] == [f"{prefix}{i}" for i in (1, 3, 5)]
    for info in bridge.list_sessions(prefix=prefix):
        bridge.delete_session(info.id)
    assert [*bridge.list_sessions(prefix=prefix)] == []


@pytest.mark.parametrize("session_id", ["x" * 129, "a\nb", "\x00", "\ufffd"])
def test_bad_ids_are_refused_by_the_server(bridge: Bridge, session_id: str) -> None:
    session = bridge.get_session(session_id)
    for call in (
        lambda: session.get_variable("x"),
        lambda: session.set_variable("x", 1),
        session.info,
        session.destroy,
        lambda: bridge.create_session(session_id),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            call()
        assert caught.value.reason == "INVALID_SESSION_ID"


def test_too_many_labels_create_nothing(bridge: Bridge) -> None:
    session = bridge.get_session(labels={str(i): "x" for i in range(17)})
    with pytest.raises(InvalidArgumentError) as caught:
        session["x"] = 1
    assert caught.value.reason == "INVALID_LABELS"
    with pytest.raises(SessionNotFoundError):
        session.info()
