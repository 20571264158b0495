"""The direct carrier's connections, against a peer whose every byte is decided here."""

import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2  # type: ignore[import-untyped]
from opentelemetry.trace import format_span_id

import session_bridge
from session_bridge import (
    Bridge,
    BridgeClosedError,
    DeadlineExceededError,
    InternalServerError,
    InvalidArgumentError,
    ServerUnavailableError,
    UnsupportedError,
)
from session_bridge import _direct_carrier as direct_carrier
from session_bridge import _direct_stream as direct_stream
from session_bridge._carrier import CallFailed
from session_bridge._direct_carrier import DirectCarrier
from session_bridge._direct_frames import HEADER, MAGIC, METHODS
from session_bridge._direct_line import Line
from session_bridge.v1 import direct_pb2 as direct
from session_bridge.v1 import variables_pb2 as variables

from .direct_peer import Connection, Gone, Peer, Received, peer
from .servers import serving
from .telemetry import Told, attributes

FOUND = variables.GetVariableResponse(found=True, value=b"\x07", session_revision=3)
WRITTEN = variables.SetVariableResponse(applied=True, revision=9)


def answer(connection: Connection, call: Received) -> None:
    if call.method.endswith("/GetServerInfo"):
        connection.answer_greeting(call)
    else:
        connection.answer(call.call, FOUND if call.method.endswith("/GetVariable") else WRITTEN)


def serve(connection: Connection) -> None:
    """Answers every call at once."""
    connection.welcome()
    while True:
        answer(connection, connection.call())


def silent(connection: Connection) -> None:
    """Is there, and says nothing."""
    connection.read(1_000_000)


def never_answers(connection: Connection) -> None:
    """Welcomes, and says nothing more."""
    connection.welcome()
    silent(connection)


def connect(to: Peer, **options: Any) -> Bridge:
    return session_bridge.connect(to.address, carrier="direct", **options)


def read(bridge: Bridge) -> object:
    return bridge.get_session("s").get_variable("x")


def test_one_call_after_another_takes_one_connection() -> None:
    with peer(serve) as there, connect(there) as bridge:
        assert [read(bridge) for _ in range(20)] == [7] * 20
        assert bridge.get_session("s").set_variable("x", 1) == 9
        assert len(there.connections) == 1


def test_each_call_under_way_has_a_connection_and_they_are_kept() -> None:
    everybody = Barrier(8)

    def together(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        everybody.wait()
        answer(connection, call)
        while True:
            answer(connection, connection.call())

    with peer(together) as there, connect(there) as bridge, ThreadPoolExecutor(8) as pool:
        assert [*pool.map(read, [bridge] * 8)] == [7] * 8
        assert [*pool.map(read, [bridge] * 40)] == [7] * 40
        assert len(there.connections) == 8


def test_no_more_idle_connections_are_kept_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_carrier, "MOST_IDLE", 2)
    everybody = Barrier(6)

    def together(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        everybody.wait()
        answer(connection, call)
        closed.append(connection.way.recv(1))

    closed: list[bytes] = []
    with peer(together) as there, connect(there) as bridge, ThreadPoolExecutor(6) as pool:
        assert [*pool.map(read, [bridge] * 6)] == [7] * 6
        wait_until(lambda: closed == [b""] * 4)


def test_what_nobody_has_used_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_carrier, "IDLE_SECONDS", 0.2)
    everybody = Barrier(2)
    closed: list[bytes] = []

    def together(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        everybody.wait()
        answer(connection, call)
        with suppress(Gone):
            while True:
                answer(connection, connection.call())
        closed.append(b"")

    with peer(together) as there, connect(there) as bridge:
        with ThreadPoolExecutor(2) as pool:
            assert [*pool.map(read, [bridge] * 2)] == [7] * 2
        wait_until(lambda: read(bridge) == 7 and len(closed) == 1)
        assert len(there.connections) == 2


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_connection_on_which_a_call_timed_out_carries_no_other() -> None:
    """What comes late is not taken for the answer to the next call."""
    late = Event()

    def slow(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        late.wait()
        connection.answer(call.call, variables.GetVariableResponse(found=True, value=b"\x63"))

    with peer(slow, serve) as there, connect(there) as bridge:
        with pytest.raises(DeadlineExceededError):
            read(bridge.with_options(timeout=0.1))
        late.set()
        assert read(bridge) == 7
        assert len(there.connections) == 2


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this platform has no timers")
def test_a_connection_on_which_a_call_was_interrupted_carries_no_other() -> None:
    """As by Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with peer(never_answers, serve) as there, connect(there) as bridge:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                read(bridge)
            assert read(bridge) == 7
            assert len(there.connections) == 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_signals_do_not_lengthen_a_call() -> None:
    """Timers of profilers, say."""

    def nothing(*_: object) -> None:
        return

    before = signal.signal(signal.SIGALRM, nothing)
    try:
        with peer(silent) as there, connect(there, timeout=0.3) as bridge:
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            begun = time.monotonic()
            with pytest.raises(DeadlineExceededError):
                read(bridge)
            assert 0.2 < time.monotonic() - begun < 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_bytes_that_drip_do_not_lengthen_a_call() -> None:
    def drip(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        connection.way.sendall(HEADER.pack(1000, call.call, 4, 0, 0, 0))
        while True:
            connection.way.sendall(b"x")
            time.sleep(0.02)

    with peer(drip) as there, connect(there, timeout=0.3) as bridge:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceededError):
            read(bridge)
        assert 0.2 < time.monotonic() - begun < 2


def test_a_connection_that_ended_while_it_was_idle_costs_no_call() -> None:
    def once(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())

    with peer(once) as there, connect(there, retry=False) as bridge:
        for _ in range(3):
            assert read(bridge) == 7
            time.sleep(0.1)
        assert len(there.connections) == 3


def test_a_server_that_goes_away_is_found_anew_without_a_failed_call() -> None:
    def leaving(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        connection.send(0, direct.DIRECT_FRAME_KIND_GO_AWAY, number=1)
        answer(connection, call)
        connection.way.recv(1)

    def left_while_idle(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        time.sleep(0.02)
        connection.send(0, direct.DIRECT_FRAME_KIND_GO_AWAY, number=1)
        connection.way.recv(1)

    with peer(leaving, left_while_idle, serve) as there, connect(there, retry=False) as bridge:
        assert read(bridge) == 7
        assert read(bridge) == 7
        time.sleep(0.1)
        assert read(bridge) == 7
        assert len(there.connections) == 3


def test_pings_are_answered_and_unknown_frames_passed_over() -> None:
    def pinging(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        connection.send(0, direct.DIRECT_FRAME_KIND_PING, number=5)
        assert connection.frame()[:5] == (0, direct.DIRECT_FRAME_KIND_PONG, "", 0, 5)
        connection.send(call.call + 9, direct.DIRECT_FRAME_KIND_ANSWER, b"of another call")
        connection.send(0, 200, b"of a newer server")
        answer(connection, call)
        connection.way.recv(1)

    with peer(pinging) as there, connect(there) as bridge:
        assert read(bridge) == 7


def ended(connection: Connection) -> None:
    connection.welcome()
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
        (ended, InvalidArgumentError),
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


def refused_version(connection: Connection) -> None:
    connection.read(8)
    connection.frame()
    connection.way.sendall(MAGIC)
    status = status_pb2.Status(code=12, message="version 2 is spoken here").SerializeToString()
    connection.send(0, direct.DIRECT_FRAME_KIND_ERROR, status)


def http(connection: Connection) -> None:
    connection.way.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("script", [refused_version, http])
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


def test_closing_ends_calls_and_watches_that_wait() -> None:
    with peer(never_answers) as there:
        bridge = connect(there, timeout=30)
        with ThreadPoolExecutor(2) as pool:
            watch = bridge.get_session("s").watch()
            calls: list[Future[object]] = [pool.submit(read, bridge), pool.submit(lambda: next(watch))]
            wait_until(lambda: len(there.connections) == 2)
            time.sleep(0.1)
            bridge.close()
            for call in calls:
                with pytest.raises(BridgeClosedError):
                    call.result(timeout=5)


def test_a_bridge_that_nobody_has_any_more_leaves_no_connection() -> None:
    over = Event()

    def until_over(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        connection.way.recv(1)
        over.set()

    with peer(until_over) as there:
        bridge = connect(there)
        read(bridge)
        del bridge
        gc.collect()
        assert over.wait(5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own_and_leaves_its_parents_alone() -> None:
    with peer(serve) as there, connect(there) as bridge:
        assert read(bridge) == 7
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = 0 if read(bridge) == 7 else 2
                    bridge.close()
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            assert read(bridge) == 7
        assert len(there.connections) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_parents_end_is_seen_by_the_server_although_its_child_lives() -> None:
    over = Event()

    def until_over(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        connection.way.recv(1)
        over.set()

    read_end, write_end = os.pipe()
    with peer(until_over) as there:
        bridge = connect(there)
        read(bridge)
        pid = os.fork()
        if pid == 0:
            os.close(write_end)
            os.read(read_end, 1)
            os._exit(0)
        bridge.close()
        try:
            assert over.wait(5)
        finally:
            os.close(write_end)
            os.close(read_end)
            os.waitpid(pid, 0)


def item(connection: Connection, call: Received, *, caught_up: bool = False) -> None:
    response = variables.WatchVariablesResponse(revision=1, caught_up=caught_up)
    connection.send(call.call, direct.DIRECT_FRAME_KIND_ITEM, response.SerializeToString())


def test_a_watch_takes_no_more_than_it_has_given_credit_for() -> None:
    """And gives more while it reads."""
    given = 0

    def watched(connection: Connection) -> None:
        nonlocal given
        connection.welcome()
        call = connection.call()
        while given < 5 * direct_stream.WINDOW:
            frame = connection.frame()
            assert (frame.kind, frame.call) == (direct.DIRECT_FRAME_KIND_CREDIT, call.call)
            given += frame.number
            for _ in range(frame.number):
                item(connection, call)
        connection.send(call.call, direct.DIRECT_FRAME_KIND_END)
        connection.way.recv(1)

    with peer(watched) as there:
        carrier = DirectCarrier(there.address)
        stream = carrier.watch(next(name for name in METHODS if name.endswith("/WatchVariables")), b"", None)
        for taken in range(5 * direct_stream.WINDOW):
            assert stream.receive() is not None
            assert given <= taken + 1 + direct_stream.WINDOW
        while stream.receive() is not None:
            pass
        with pytest.raises(CallFailed):
            stream.receive()
        carrier.close()


def test_a_silent_server_is_a_lost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_stream, "SILENCE_SECONDS", 0.2)

    def caught_up(connection: Connection) -> None:
        connection.welcome()
        item(connection, connection.call(), caught_up=True)
        silent(connection)

    with peer(caught_up) as there, connect(there, retry=False) as bridge:
        watch = bridge.get_session("s").watch()
        assert next(watch).kind == "caught_up"
        with pytest.raises(ServerUnavailableError, match="said nothing"):
            next(watch)


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

    def counted(address: str, timeout: float | None) -> Line:
        connected.append(address)
        return Line(address, timeout)

    monkeypatch.setattr(direct_carrier, "Line", counted)
    with http2_only() as address, session_bridge.connect(address) as bridge:
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


@pytest.mark.parametrize("address", ["a..b:1", f"{'x' * 300}:1", "no-such-host.invalid:1"])
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


def test_the_trace_of_a_call_is_told(told: Told) -> None:
    traces: list[direct.DirectMetadata] = []

    def traced(connection: Connection) -> None:
        connection.welcome()
        while True:
            call = connection.call()
            assert call.flags == 1
            end = 2 + int.from_bytes(call.payload[:2], "little")
            traces.append(direct.DirectMetadata.FromString(call.payload[2:end]))
            assert variables.GetVariableRequest.FromString(call.payload[end:]).name == "x"
            answer(connection, call)

    with peer(traced) as there, connect(there) as bridge:
        assert read(bridge) == 7
        span = told.span().context
        assert span is not None
        assert f"-{format_span_id(span.span_id)}-" in traces[0].traceparent
        assert traces[0].tracestate == ""


def test_threads_that_fork_and_call_at_once_disturb_nobody() -> None:
    """The calls of other threads go on; no child uses their connections."""
    if not hasattr(os, "fork"):
        pytest.skip("this platform does not fork")
    over = Event()
    wrong: list[object] = []

    def call(bridge: Bridge) -> None:
        while not over.is_set():
            found = read(bridge)
            if found != 7:
                wrong.append(found)

    with peer(serve) as there, connect(there) as bridge:
        threads = [Thread(target=call, args=[bridge]) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    try:
                        os._exit(0 if read(bridge) == 7 else 1)
                    finally:
                        os._exit(2)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert wrong == []
