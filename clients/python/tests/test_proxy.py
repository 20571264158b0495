"""What a bridge does where the environment names a proxy."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

import session_bridge
from session_bridge._proxy import goes_through_proxy

from .servers import Server
from .values.notation import VECTORS

ROWS: list[dict[str, Any]] = json.loads((VECTORS / "proxies.json").read_text(encoding="utf-8"))
NAME = "bridge.session-bridge.test:50051"


@contextmanager
def connect_proxy(server: str) -> Generator[tuple[str, list[str]]]:
    """A proxy of HTTP, from which every way leads to one server; and what it was asked for."""
    asked: list[str] = []
    ends: list[socket.socket] = []

    def pipe(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += near.recv(4096)
                asked.append(head.split(b"\r\n")[0].decode())
                host, port = server.rsplit(":", 1)
                far = socket.create_connection((host, int(port)))
                ends.extend((near, far))
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for pair in ((near, far), (far, near)):
                    threads.append(threading.Thread(target=pipe, args=pair, daemon=True))
                    threads[-1].start()

    listener = socket.create_server(("127.0.0.1", 0))
    threads = [threading.Thread(target=accept, daemon=True)]
    threads[0].start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    for end in (listener, *ends):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_a_proxy_is_one_for_the_addresses_that_grpc_takes_it_for(row: dict[str, Any]) -> None:
    assert goes_through_proxy(row["address"], row["environment"]) is row["proxied"]


def test_every_row_was_run() -> None:
    assert len(ROWS) == 24


@pytest.fixture
def asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """What the proxy of the environment is asked for."""
    with connect_proxy(server.address) as (proxy, asked):
        for name in ("grpc_proxy", "https_proxy", "no_proxy", "no_grpc_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy)
        yield asked


def test_a_server_behind_a_proxy_of_http_is_reached(asked: list[str]) -> None:
    with session_bridge.connect(NAME) as bridge:
        session = bridge.get_session("proxied")
        session["x"] = 1
        assert session["x"] == 1
    assert asked == [f"CONNECT {NAME} HTTP/1.1"]


@pytest.mark.asyncio
async def test_a_server_behind_a_proxy_of_http_is_reached_from_an_event_loop(asked: list[str]) -> None:
    async with session_bridge.connect_async(NAME) as bridge:
        session = bridge.get_session("proxied")
        await session.set_variable("x", 1)
        assert await session.get_variable("x") == 1
    assert asked == [f"CONNECT {NAME} HTTP/1.1"]


def test_nothing_of_this_machine_goes_through_a_proxy(server: Server, asked: list[str]) -> None:
    with session_bridge.connect(server.address) as bridge:
        assert bridge.get_session("not-proxied").get_variable("x") is None
    assert asked == []
