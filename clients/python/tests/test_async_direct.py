"""The direct carrier of event loops, against a peer whose every byte is decided here.

test_async_suite has what it shares with the sync one; here is what comes of all calls' sharing one connection.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import pytest

import session_bridge
from session_bridge import AsyncBridge, BridgeClosedError, DeadlineExceededError, ServerUnavailableError
from session_bridge import _async_direct_line as direct_line
from session_bridge import _async_direct_stream as direct_stream
from session_bridge._async_direct_carrier import AsyncDirectCarrier
from session_bridge._carrier import CallFailed
from session_bridge._direct_frames import HEADER, METHODS
from session_bridge.v1 import direct_pb2 as direct
from session_bridge.v1 import variables_pb2 as variables

from .direct_peer import Connection, Credited, Peer, Received, answer, item, never_answers, peer, serve, silent
from .test_carriers import http2_only

pytestmark = pytest.mark.asyncio

WATCH = next(name for name in METHODS if name.endswith("/WatchVariables"))


def connect(to: Peer, **options: Any) -> AsyncBridge:
    return session_bridge.connect_async(to.address, carrier="direct", **options)


async def read(bridge: AsyncBridge, name: str = "x") -> object:
    return await bridge.get_session("s").get_variable(name)


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_calls_share_a_connection_and_are_answered_in_any_order() -> None:
    def backwards(connection: Connection) -> None:
        connection.welcome()
        calls = [connection.call() for _ in range(50)]
        for call in reversed(calls):
            name = variables.GetVariableRequest.FromString(call.payload).name
            connection.answer(call.call, variables.GetVariableResponse(found=True, value=bytes([int(name)])))
        silent(connection)

    with peer(backwards) as there:
        async with connect(there) as bridge:
            assert await asyncio.gather(*(read(bridge, str(n)) for n in range(50))) == [*range(50)]
        assert len(there.connections) == 1


async def test_calls_of_one_turn_are_sent_together_as_soon_as_they_are_enough() -> None:
    together: list[float] = []

    def counting(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        first = connection.call()
        together.append(len(connection.way.recv(1_000_000)) / (HEADER.size + len(first.payload)))
        answer(connection, first)
        silent(connection)

    with peer(counting) as there:
        async with connect(there) as bridge:
            await read(bridge)
            tasks = [asyncio.create_task(read(bridge)) for _ in range(1 + 2 * direct_line.TOGETHER + 5)]
            assert await tasks[0] == 7
            for task in tasks:
                task.cancel()
        assert together[0] in (direct_line.TOGETHER, 2 * direct_line.TOGETHER, 2 * direct_line.TOGETHER + 5)


async def test_a_call_that_is_cancelled_is_cancelled_at_the_server_and_its_answer_is_nobodys() -> None:
    received: list[Received] = []

    def watchful(connection: Connection) -> None:
        connection.welcome()
        call = connection.call()
        received.append(call)
        received.append(connection.frame())
        answer(connection, call)
        while True:
            answer(connection, connection.call())

    with peer(watchful) as there:
        async with connect(there) as bridge:
            reading = asyncio.create_task(read(bridge))
            await wait_until(lambda: len(received) == 1)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert await read(bridge) == 7
        assert (received[1].kind, received[1].call) == (direct.DIRECT_FRAME_KIND_CANCEL, received[0].call)
        assert len(there.connections) == 1


async def test_a_late_call_is_cancelled_and_disturbs_no_other() -> None:
    cancelled: list[int] = []

    def slow(connection: Connection) -> None:
        connection.welcome()
        answer(connection, connection.call())
        late = connection.call()
        other = connection.call()
        frame = connection.frame()
        assert frame.kind == direct.DIRECT_FRAME_KIND_CANCEL
        cancelled.append(frame.call - late.call)
        answer(connection, other)
        answer(connection, late)
        silent(connection)

    with peer(slow) as there:
        async with connect(there) as bridge:
            assert await read(bridge) == 7
            late = asyncio.create_task(read(bridge.with_options(timeout=0.2)))
            await asyncio.sleep(0)
            assert await read(bridge) == 7
            with pytest.raises(DeadlineExceededError):
                await late
        assert cancelled == [0]


async def test_deadlines_are_kept_in_whatever_order_they_come() -> None:
    with peer(never_answers) as there:
        async with connect(there) as bridge:

            async def late(timeout: float) -> float:
                begun = time.monotonic()
                with pytest.raises(DeadlineExceededError):
                    await read(bridge.with_options(timeout=timeout))
                return time.monotonic() - begun - timeout

            await asyncio.gather(*(late(timeout) for timeout in (0.3, 0.1, 0.5, 0.2, 0.4, 0.1)))
            overdue = await asyncio.gather(*(late(timeout) for timeout in (0.3, 0.1, 0.2)))
            assert all(-0.02 < seconds < 4 for seconds in overdue)


async def test_a_connection_that_has_fallen_silent_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is gone without a word would cost each call its time."""
    monkeypatch.setattr(direct_line, "_SILENT_SECONDS", 0.1)
    with peer(never_answers, serve) as there:
        async with connect(there) as bridge:
            with pytest.raises(DeadlineExceededError):
                await read(bridge.with_options(timeout=0.2))
            assert await read(bridge) == 7
        assert len(there.connections) == 2


async def test_who_does_not_take_what_is_sent_holds_up_calls_and_not_the_memory() -> None:
    def stuck(connection: Connection) -> None:
        connection.greeted()
        over.wait()

    def stuck_again(connection: Connection) -> None:
        connection.welcome()
        over.wait()

    over = threading.Event()
    with peer(stuck, stuck_again) as there:
        try:
            async with connect(there, timeout=1) as bridge:
                await bridge.wait_ready()
                session = bridge.get_session("s")
                line = cast("Any", bridge)._link.transport._carrier._connections.main
                large = b"x" * 1_000_000
                writing = [asyncio.create_task(session.set_variable(f"v{n}", large)) for n in range(40)]
                await wait_until(lambda: not line.ready)
                assert line._transport.get_write_buffer_size() < 3_000_000
                results = await asyncio.gather(*writing, return_exceptions=True)
                assert {type(result) for result in results} == {DeadlineExceededError}
        finally:
            over.set()


async def test_closing_ends_calls_and_watches_that_wait() -> None:
    with peer(never_answers) as there:
        bridge = connect(there, timeout=30)
        watch = bridge.get_session("s").watch()
        waiting = [asyncio.create_task(read(bridge)), asyncio.create_task(cast("Any", anext(watch)))]
        await wait_until(lambda: len(there.connections) == 1)
        await asyncio.sleep(0.1)
        await bridge.close()
        for task in waiting:
            with pytest.raises(BridgeClosedError):
                await task


async def test_a_watch_takes_no_more_than_it_has_given_credit_for() -> None:
    """And gives more while it reads."""
    watched = Credited(5 * direct_stream.WINDOW)
    with peer(watched) as there:
        carrier = AsyncDirectCarrier(there.address)
        stream = carrier.watch(WATCH, b"", None)
        for taken in range(watched.enough):
            assert await stream.receive() is not None
            assert watched.given <= taken + 1 + direct_stream.WINDOW
        while await stream.receive() is not None:
            pass
        assert await stream.receive() is None
        await carrier.close()


async def test_a_silent_server_is_a_lost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_stream, "SILENCE_SECONDS", 0.2)

    def caught_up(connection: Connection) -> None:
        connection.welcome()
        item(connection, connection.call(), caught_up=True)
        silent(connection)

    with peer(caught_up) as there:
        async with connect(there, retry=False) as bridge:
            watch = bridge.get_session("s").watch()
            assert (await anext(watch)).kind == "caught_up"
            with pytest.raises(ServerUnavailableError, match="said nothing"):
                await anext(watch)


async def test_more_watches_than_a_connection_may_have_get_others() -> None:
    def watched(connection: Connection) -> None:
        connection.welcome()  # At most 8 streams.
        while True:
            item(connection, connection.call(), caught_up=True)

    with peer(watched) as there:
        async with connect(there) as bridge:
            watches = [bridge.get_session("s").watch() for _ in range(20)]
            assert {(await anext(watch)).kind for watch in watches} == {"caught_up"}
            assert len(there.connections) == 3


async def test_a_watch_that_ends_before_it_has_begun_asks_for_nothing() -> None:
    with peer(serve) as there:
        async with connect(there) as bridge:
            assert await read(bridge) == 7
            carrier = cast("Any", bridge)._link.transport._carrier
            stream = carrier.watch(WATCH, b"", None)
            stream.cancel()
            with pytest.raises(CallFailed):
                await stream.receive()
            assert carrier._connections.main.streams == 0


async def test_no_two_calls_that_are_under_way_have_one_number() -> None:
    """Also when the numbers begin anew while a watch has one of the first."""

    def watched(connection: Connection) -> None:
        connection.greeted()
        watch = connection.call()
        item(connection, watch, caught_up=True)
        while True:
            call = connection.call()
            assert call.call not in (0, watch.call)
            answer(connection, call)

    with peer(watched) as there:
        async with connect(there) as bridge:
            await bridge.wait_ready()
            async with bridge.get_session("s").watch() as watch:
                await anext(watch)
                line = cast("Any", bridge)._link.transport._carrier._connections.main
                line._last_call = 2**32 - 3
                assert await asyncio.gather(*(read(bridge) for _ in range(6))) == [7] * 6
                assert line._last_call == 5


async def test_a_watch_whose_connection_is_lost_before_it_begins_is_lost_with_it() -> None:
    with peer(serve) as there:
        async with connect(there, retry=False) as bridge:
            await read(bridge)
            carrier = cast("Any", bridge)._link.transport._carrier
            line = carrier._connections.main
            stream = direct_stream.AsyncDirectStream(lambda: asyncio.sleep(0, line), WATCH, b"", None)
            line.end(CallFailed("UNAVAILABLE"))
            with pytest.raises(CallFailed, match="UNAVAILABLE"):
                await stream.receive()


@pytest.mark.parametrize("first", ["call", "watch"])
async def test_auto_falls_back_to_grpc_and_keeps_to_it(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    connected: list[object] = []

    async def counted(carrier: AsyncDirectCarrier, there: Any) -> object:
        connected.append(there)
        return await connect_once(carrier, there)

    connect_once = cast("Any", AsyncDirectCarrier)._connect
    monkeypatch.setattr(AsyncDirectCarrier, "_connect", counted)
    with http2_only() as address:
        async with session_bridge.connect_async(address) as bridge:
            session = bridge.get_session("s")
            if first == "call":
                assert await session.get_variable("x") == 7
            for _ in range(3):
                async with session.watch() as watch:
                    assert (await anext(watch)).kind == "caught_up"
                assert await session.get_variable("x") == 7
    assert len(connected) == 1
