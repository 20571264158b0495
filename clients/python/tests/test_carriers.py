"""Which carrier a bridge has, and where either finds its server."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

import session_bridge
from session_bridge import Bridge, InvalidArgumentError, ServerUnavailableError
from session_bridge import _direct_carrier as direct_carrier
from session_bridge._direct_frames import MAGIC
from session_bridge._direct_line import Line
from session_bridge._direct_lookout import Lookout
from session_bridge.v1 import variables_pb2 as variables

from .carriers import CHOSEN
from .direct_peer import FOUND, Connection, answer, peer, read, refuse_version, serve
from .servers import serving
from .telemetry import Told, attributes


@contextmanager
def http2_only() -> Generator[str]:
    """A server of gRPC alone, as older ones are and those behind a proxy seem to be."""

    def get_variable(_: bytes, __: grpc.ServicerContext) -> bytes:
        return FOUND.SerializeToString()

    def watch(_: bytes, __: grpc.ServicerContext) -> Iterator[bytes]:
        yield variables.WatchVariablesResponse(revision=1, caught_up=True).SerializeToString()

    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "GetVariable": grpc.unary_unary_rpc_method_handler(get_variable),
        "WatchVariables": grpc.unary_stream_rpc_method_handler(watch),
    }
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        service = grpc.method_handlers_generic_handler("session_bridge.v1.VariableService", methods)
        server.add_generic_rpc_handlers((service,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


@pytest.mark.parametrize("first", ["call", "watch"])
def test_auto_falls_back_to_grpc_and_keeps_to_it(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    connected: list[str] = []

    def counted(address: str, timeout: float | None, lookout: Lookout) -> Line:
        connected.append(address)
        return Line(address, timeout, lookout)

    monkeypatch.setattr(direct_carrier, "Line", counted)
    with http2_only() as address, session_bridge.connect(address, carrier="auto") as bridge:
        session = bridge.get_session("s")
        if first == "call":
            assert session.get_variable("x") == 7
        for _ in range(3):
            with session.watch() as watch:
                assert next(watch).kind == "caught_up"
            assert session.get_variable("x") == 7
    assert connected == [address]


def test_auto_asks_a_server_that_hangs_up_both_ways_and_keeps_to_none() -> None:
    begun: list[bytes] = []

    def hang_up(connection: Connection) -> None:
        begun.append(connection.read(8))

    with peer(hang_up, hang_up, serve) as there, session_bridge.connect(there.address, timeout=1) as bridge:
        with pytest.raises(ServerUnavailableError):
            read(bridge)
        assert begun == [MAGIC, b"PRI * HT"]
        assert read(bridge) == 7


def test_auto_takes_grpc_where_another_version_is_spoken() -> None:
    begun: list[bytes] = []

    def refuse(connection: Connection) -> None:
        refuse_version(connection)
        connection.way.recv(1)

    def preface(connection: Connection) -> None:
        begun.append(connection.read(8))

    with peer(refuse, preface) as there, session_bridge.connect(there.address, timeout=1) as bridge:
        with pytest.raises(ServerUnavailableError):
            read(bridge)
        assert begun[0] == b"PRI * HT"


def test_auto_does_not_leave_the_direct_carrier_for_a_server_that_ends() -> None:
    """It may well be the next one of its kind that hangs up while it starts."""

    def once(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())

    def hang_up(connection: Connection) -> None:
        assert connection.read(8) == MAGIC

    with peer(once, hang_up, hang_up, serve) as there, session_bridge.connect(there.address) as bridge:
        assert read(bridge) == 7
        time.sleep(0.1)
        assert read(bridge) == 7
        assert len(there.connections) == 4


def test_a_bridge_that_says_nothing_has_the_carrier_of_this_run(bridge: Bridge) -> None:
    carrier: Any = cast("Any", bridge)._link.transport._carrier
    assert type(carrier).__name__.removeprefix("Async") == f"{(CHOSEN or 'auto').capitalize()}Carrier"


@pytest.mark.parametrize("carrier", ["tcp", "", None, 1])
def test_a_carrier_that_there_is_not_is_refused(carrier: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="carrier is one of"):
        session_bridge.connect(carrier=carrier)


def test_a_program_that_speaks_direct_does_not_import_grpc() -> None:
    with peer(serve) as there:
        program = f"""
import session_bridge, sys
with session_bridge.connect({there.address!r}) as bridge:
    assert bridge.get_session("s")["x"] == 7
assert "grpc" not in sys.modules
"""
        subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform has no Unix sockets")


@unix
def test_a_unix_socket_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    address = f"unix:{tmp_path / 'none.sock'}"
    with session_bridge.connect(address) as bridge, pytest.raises(ServerUnavailableError, match=r"none\.sock"):
        read(bridge)


@pytest.mark.parametrize("address", ["a..b:1", f"{'x' * 300}:1"])
def test_a_host_that_nobody_can_have_is_not_there(address: str) -> None:
    with session_bridge.connect(address, carrier="direct") as bridge, pytest.raises(ServerUnavailableError):
        read(bridge)


@unix
def test_a_unix_socket_carries_either_and_telemetry_knows_its_path(told: Told) -> None:
    with tempfile.TemporaryDirectory() as folder:  # The name of a socket is short.
        path = Path(folder, "bridge.sock")
        with serving("memory", Path(folder, "log"), f"unix:{path}") as server:
            for name in ("direct", "grpc"):
                with session_bridge.connect(f"unix:{path}", carrier=name) as bridge:
                    assert bridge.get_session("s").increment("n", 2) in (2, 4)
                    assert bridge.address == server.address == f"unix:{path}"
                where = attributes(told.span())
                assert (where["server.address"], where.get("server.port")) == (str(path), None)
