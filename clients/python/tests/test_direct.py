"""The direct carrier's connections, against a peer whose every byte is decided here."""

import gc
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event

import pytest
from opentelemetry.trace import format_span_id

from session_bridge import (
    BridgeClosedError,
    DeadlineExceededError,
    ServerUnavailableError,
)
from session_bridge import _direct_carrier as direct_carrier
from session_bridge import _direct_stream as direct_stream
from session_bridge._carrier import CallFailed
from session_bridge._direct_carrier import DirectCarrier
from session_bridge._direct_frames import HEADER, METHODS
from session_bridge.v1 import direct_pb2 as direct
from session_bridge.v1 import variables_pb2 as variables

from .direct_peer import Connection, Credited, Gone, answer, connect, item, never_answers, peer, read, serve, silent
from .telemetry import Told


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


def test_a_watch_takes_no_more_than_it_has_given_credit_for() -> None:
    """And gives more while it reads."""
    watched = Credited(5 * direct_stream.WINDOW)
    with peer(watched) as there:
        carrier = DirectCarrier(there.address)
        stream = carrier.watch(next(name for name in METHODS if name.endswith("/WatchVariables")), b"", None)
        for taken in range(watched.enough):
            assert stream.receive() is not None
            assert watched.given <= taken + 1 + direct_stream.WINDOW
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
