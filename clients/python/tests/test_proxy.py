"""What a bridge does where the environment names a proxy."""

import json
from collections.abc import Generator
from typing import Any

import pytest

import session_bridge
from session_bridge._proxy import goes_through_proxy

from .proxy import HttpProxy
from .servers import Server
from .values.notation import VECTORS

ROWS: list[dict[str, Any]] = json.loads((VECTORS / "proxies.json").read_text(encoding="utf-8"))
NAME = "bridge.session-bridge.test:50051"


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_a_proxy_is_one_for_the_addresses_that_grpc_takes_it_for(row: dict[str, Any]) -> None:
    assert goes_through_proxy(row["address"], row["environment"]) is row["proxied"]


def test_every_row_was_run() -> None:
    assert len(ROWS) == 24


@pytest.fixture
def asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """What the proxy of the environment is asked for."""
    with HttpProxy(server.address) as proxy:
        for name in ("grpc_proxy", "https_proxy", "no_proxy", "no_grpc_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        yield proxy.asked


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
