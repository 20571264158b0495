"""Peers of the direct carrier that are no servers of ours, or bad ones."""

import os
import time
from typing import Any

import pytest
from google.rpc import status_pb2  # type: ignore[import-untyped]

from session_bridge import (
    InternalServerError,
    ServerUnavailableError,
    UnsupportedError,
)
from session_bridge._direct_frames import HEADER
from session_bridge.v1 import direct_pb2 as direct

from .direct_peer import Connection, connect, peer, read, refuse_version, serve


def ended(connection: Connection) -> None:
    connection.welcome()
    end_at_call(connection)


def end_at_call(connection: Connection) -> None:
    connection.call()
    status = status_pb2.Status(code=3, message="no frame").SerializeToString()
    connection.send(0, direct.DIRECT_FRAME_KIND_ERROR, status)


def garbage_after_hello(connection: Connection) -> None:
    connection.welcome()
    connection.call()
    connection.way.sendall(os.urandom(8) + b"\xff" * 100_000)


def too_long(connection: Connection) -> None:
    connection.welcome()
    call = connection.call()
    connection.way.sendall(HEADER.pack(2**32 - 1, call.call, 4, 0, 0, 0))


def cut_off(connection: Connection) -> None:
    connection.welcome()
    call = connection.call()
    connection.way.sendall(HEADER.pack(100, call.call, 4, 0, 0, 0) + b"half")


def undecodable(connection: Connection) -> None:
    connection.welcome()
    call = connection.call()
    connection.send(call.call, direct.DIRECT_FRAME_KIND_ANSWER, b"\xff\xff\xff")


def undecodable_error(connection: Connection) -> None:
    connection.welcome()
    call = connection.call()
    connection.send(call.call, direct.DIRECT_FRAME_KIND_ERROR, b"\xff\xff\xff")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (ended, ServerUnavailableError),
        (garbage_after_hello, ServerUnavailableError),
        (too_long, ServerUnavailableError),
        (cut_off, ServerUnavailableError),
        (undecodable, InternalServerError),
        (undecodable_error, InternalServerError),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_garbage_is_an_error_at_once_and_its_connection_is_not_used_again(script: Any, kind: type) -> None:
    with peer(script, serve) as there, connect(there) as bridge:
        begun = time.monotonic()
        with pytest.raises(kind):
            read(bridge)
        assert time.monotonic() - begun < 1
        time.sleep(0.1)
        assert read(bridge) == 7


def test_p18_whether_a_change_was_made_is_not_known_when_the_server_ends_its_connection() -> None:
    def greeted_and_ended(connection: Connection) -> None:
        connection.greeted()
        end_at_call(connection)

    with peer(greeted_and_ended, serve) as there, connect(there) as bridge:
        with pytest.raises(ServerUnavailableError) as caught:
            bridge.with_options(retry=False).get_session("s").set_variable("x", 1)
        assert caught.value.outcome == "unknown"


def http(connection: Connection) -> None:
    connection.way.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("script", [refuse_version, http])
def test_who_speaks_something_else_is_said_so_when_direct_is_wanted(script: Any) -> None:
    with peer(script) as there, connect(there) as bridge:
        with pytest.raises(UnsupportedError):
            read(bridge)
        with pytest.raises(UnsupportedError):
            next(bridge.get_session("s").watch())


def test_who_hangs_up_is_not_there_when_direct_is_wanted() -> None:
    with peer(lambda connection: None) as there, connect(there) as bridge:
        with pytest.raises(ServerUnavailableError) as caught:
            read(bridge)
        assert there.address in str(caught.value)
