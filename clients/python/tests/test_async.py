"""What is particular to the client in an event loop; test_async_suite has what it shares with the sync one."""

import asyncio
import gc
import pickle
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from opentelemetry import trace

import session_bridge
from session_bridge import (
    AsyncBridge,
    AsyncSession,
    AsyncTransaction,
    BridgeClosedError,
    InvalidArgumentError,
    ServerUnavailableError,
)
from session_bridge import _async_direct_stream as direct_stream
from session_bridge import _async_grpc_carrier as grpc_carrier

from .carriers import CARRIERS
from .servers import Server
from .telemetry import Told, attributes

pytestmark = pytest.mark.asyncio


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def connect(carrier: Any) -> Callable[..., AsyncBridge]:
    return partial(session_bridge.connect_async, carrier=carrier)


@pytest_asyncio.fixture
async def bridge(server: Server, connect: Callable[..., AsyncBridge]) -> AsyncIterator[AsyncBridge]:
    async with connect(server.address) as connected:
        yield connected


@pytest_asyncio.fixture
async def session(bridge: AsyncBridge) -> AsyncIterator[AsyncSession]:
    fresh = bridge.get_session(f"test-{uuid4().hex}")
    yield fresh
    await fresh.destroy()


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_names_are_walked_over_and_there_are_no_operators(session: AsyncSession) -> None:
    await session.update(b=2, a=[1])
    assert [name async for name in session] == await session.keys() == ["a", "b"]
    assert (await session.values(), await session.items()) == ([[1], 2], [("a", [1]), ("b", 2)])
    assert [info.name async for info in session.list_variables("b")] == ["b"]
    anything = cast("Any", session)
    for operator in (lambda: anything["a"], lambda: "a" in anything, lambda: len(anything), lambda: [*anything]):
        with pytest.raises(TypeError):
            operator()
    assert bool(session)


async def test_p4_tasks_of_many_bridges_lose_no_change(
    session: AsyncSession, server: Server, connect: Callable[..., AsyncBridge]
) -> None:
    """[P4] Neither by increments nor by compare-and-set."""

    async def work(bridge: AsyncBridge) -> None:
        mine = bridge.get_session(session.id)
        for _ in range(20):
            await mine.increment("n")
            await mine.update_variable("m", lambda m: m + 1, 0)

    bridges = [connect(server.address, timeout=60) for _ in range(4)]
    await asyncio.gather(*(work(bridge) for bridge in bridges for _ in range(5)))
    for bridge in bridges:
        await bridge.close()
    assert await session.to_dict() == {"m": 400, "n": 400}


@pytest.mark.parametrize("carrier", CARRIERS[:1], indirect=True)
async def test_ten_thousand_calls_at_once_are_answered_each_its_own(session: AsyncSession) -> None:
    patient = session.with_options(timeout=60)
    await patient.update({str(number): number for number in range(100)})
    reads = [patient.get_variable(str(number % 100)) for number in range(5_000)]
    changes = [patient.increment("n") for _ in range(5_000)]
    answers = await asyncio.gather(*reads, *changes)
    assert answers[:5_000] == [number % 100 for number in range(5_000)]
    assert sorted(cast("list[int]", answers[5_000:])) == [*range(1, 5_001)]


async def test_a_function_that_updates_may_wait(session: AsyncSession) -> None:
    async def doubled(n: int) -> int:
        await asyncio.sleep(0)
        return 2 * n

    assert await session.update_variable("n", doubled, 2) == 4
    assert await session.update_variable("n", lambda n: n + 1) == 5
    assert await session.get_variable("n") == 5


async def test_transact_takes_a_coroutine_function(session: AsyncSession) -> None:
    def plain(t: AsyncTransaction) -> None:
        t.set_variable("a", 1)

    with pytest.raises(InvalidArgumentError, match="coroutine"):
        await session.transact(cast("Any", plain))
    assert await session.to_dict() == {}


async def test_a_call_that_is_cancelled_ends_at_once_and_costs_no_other(session: AsyncSession) -> None:
    await session.set_variable("n", 1)
    waiting = asyncio.create_task(session.wait_for("n", lambda n: n == 2, 60))
    reading = asyncio.create_task(session.get_variable("n"))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.sleep(0.1)
    waiting.cancel()
    for task in (reading, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await session.wait_for("n", lambda n: n == 2, 60)
    assert await session.get_variable("n") == 1


async def test_a_server_of_grpc_is_told_of_a_call_that_is_cancelled() -> None:
    begun, ended = threading.Event(), threading.Event()

    def handle(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.add_callback(ended.set)
        begun.set()
        assert ended.wait(10)
        return b""

    class Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            return cast("Any", grpc).unary_unary_rpc_method_handler(handle)

    listener = grpc.server(ThreadPoolExecutor(2), handlers=[Handler()])
    port = listener.add_insecure_port("127.0.0.1:0")
    listener.start()
    async with session_bridge.connect_async(f"127.0.0.1:{port}", carrier="grpc") as bridge:
        reading = asyncio.create_task(bridge.get_session("s").get_variable("x"))
        await wait_until(begun.is_set)
        reading.cancel()
        await wait_until(ended.is_set)
    listener.stop(None).wait()


async def test_a_step_of_a_watch_that_is_cancelled_loses_nothing(session: AsyncSession) -> None:
    async with session.watch() as watch:
        assert (await anext(watch)).kind == "caught_up"
        await session.set_variable("n", 0)
        assert (await anext(watch)).kind == "session_created"
        for n in range(1, 4):
            assert (await anext(watch)).value == n - 1
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await anext(watch)
            await session.set_variable("n", n)


async def test_a_watch_that_is_cancelled_while_its_server_is_away_goes_on(
    sqlite_server: Callable[[], Server], connect: Callable[..., AsyncBridge]
) -> None:
    server = sqlite_server()
    async with connect(server.address) as bridge, bridge.get_session("s").watch() as watch:
        await anext(watch)
        server.kill()
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await anext(watch)
        waiting = asyncio.create_task(anext(watch))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await watch.close()
        with pytest.raises(StopAsyncIteration):
            await waiting
        assert time.monotonic() - begun < 1


async def test_tasks_that_share_a_watch_get_each_change_once(session: AsyncSession) -> None:
    watch = session.watch()
    await anext(watch)
    readers = [asyncio.create_task(anext(watch)) for _ in range(3)]
    await session.update(a=1, b=2)
    changes = await asyncio.gather(*readers)
    assert sorted((change.kind, change.name) for change in changes) == [
        ("session_created", ""),
        ("set", "a"),
        ("set", "b"),
    ]
    await watch.close()


async def test_a_watch_that_nobody_has_any_more_ends(session: AsyncSession) -> None:
    watch = session.watch()
    await anext(watch)
    is_over = _end_of(cast("Any", watch)._stream._carried)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(watch)
    assert not is_over()
    del watch
    gc.collect()
    await wait_until(is_over)


def _end_of(carried: Any) -> Callable[[], bool]:
    """Tells whether the stream of a carrier is over, without keeping it."""
    if isinstance(carried, direct_stream.AsyncDirectStream):
        line: Any = cast("Any", carried)._line
        return lambda: line.streams == 0
    call = carried._call
    return lambda: bool(call.done())


async def test_p15_a_silent_server_is_a_lost_one(
    sqlite_server: Callable[[], Server], connect: Callable[..., AsyncBridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P15] One that lives and does nothing; nothing is lost by taking it for dead."""
    for module in (direct_stream, grpc_carrier):
        monkeypatch.setattr(module, "SILENCE_SECONDS", 0.3)
    server = sqlite_server()
    async with connect(server.address, timeout=20) as bridge:
        session = bridge.get_session("silent")
        await session.set_variable("n", 0)
        async with session.watch() as watch:
            assert [(await anext(watch)).kind for _ in range(2)] == ["set", "caught_up"]
            first = cast("Any", watch)._stream
            server.signal(signal.SIGSTOP)
            waiting = asyncio.create_task(anext(watch))
            await wait_until(lambda: cast("Any", watch)._stream is not first)
            server.signal(signal.SIGCONT)
            await session.set_variable("n", 1)
            assert (await waiting).value == 1
    server.stop()


async def test_tasks_do_not_tell_of_each_other(session: AsyncSession, told: Told) -> None:
    async def work(i: int) -> None:
        with told.tracers.get_tracer("program").start_as_current_span(f"program {i}") as program:
            await session.update_variable(f"x{i}", lambda _: i)
            assert trace.get_current_span() is program

    await asyncio.gather(*(work(i) for i in range(32)))
    ours = [span for span in told.spans() if span.name == "session_bridge.client.update_variable"]
    assert len(ours) == 32
    assert {attributes(span)["session_bridge.client.attempts"] for span in ours} == {2}
    assert len({span.parent.span_id for span in ours if span.parent is not None}) == 32


async def test_closing_ends_what_is_under_way(server: Server, connect: Callable[..., AsyncBridge]) -> None:
    bridge = connect(server.address)
    session = bridge.get_session()
    watch = session.watch()
    await anext(watch)
    waiting = asyncio.create_task(anext(watch))
    await asyncio.sleep(0.05)
    await bridge.close()
    await bridge.close()
    for call in (waiting, session.get_variable("x"), session.set_variable("x", 1), anext(bridge.list_sessions())):
        with pytest.raises(BridgeClosedError):
            await call


async def test_neither_values_nor_anything_to_pickle_are_shown(session: AsyncSession, bridge: AsyncBridge) -> None:
    await session.set_variable("x", "marker-5f2c9a")
    async with session.transaction() as t, session.watch() as watch, session.snapshots() as snapshots:
        await t.get_variable("x")
        change = await anext(watch)
        await anext(snapshots)
        assert "marker-5f2c9a" not in repr((session, t, watch, snapshots, bridge, change))
    for held in (session, bridge):
        with pytest.raises(TypeError, match=r"session\.id"):
            pickle.dumps(held)


async def test_a_server_that_was_never_there_is_an_error_at_once(connect: Callable[..., AsyncBridge]) -> None:
    async with connect("127.0.0.1:1", timeout=20) as bridge:
        session = bridge.get_session("s")
        for call in (session.get_variable("x"), session.increment("x"), anext(session.watch())):
            begun = time.monotonic()
            with pytest.raises(ServerUnavailableError, match=r"127\.0\.0\.1:1"):
                await call
            assert time.monotonic() - begun < 2
