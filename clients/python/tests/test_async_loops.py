"""Event loops and processes: where a bridge of the asynchronous client works."""

import asyncio
import gc
import subprocess
import sys
from typing import Any

import pytest

import session_bridge
from session_bridge import AsyncBridge, BridgeClosedError, InvalidArgumentError

from .carriers import CARRIERS
from .servers import Server


@pytest.fixture(params=CARRIERS)
def bridge(server: Server, request: pytest.FixtureRequest) -> AsyncBridge:
    return session_bridge.connect_async(server.address, carrier=request.param)


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_bridge_belongs_to_one_event_loop_at_a_time(bridge: AsyncBridge) -> None:
    """What a loop that was closed has left unclosed is collected, with Python's warning."""
    session = bridge.get_session()

    async def elsewhere() -> None:
        with pytest.raises(InvalidArgumentError, match="another event loop"):
            await session.increment("n")
        with pytest.raises(InvalidArgumentError, match="another event loop"):
            await anext(session.watch())

    async def use() -> int | float:
        number = await session.increment("n")
        await asyncio.to_thread(asyncio.run, elsewhere())
        return number

    assert asyncio.run(use()) == 1
    assert asyncio.run(use()) == 2, "the loop of the first use was closed"
    asyncio.run(bridge.close())
    gc.collect()


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_watch_belongs_to_its_event_loop(bridge: AsyncBridge) -> None:
    watch = bridge.get_session().watch()

    async def step() -> object:
        return await anext(watch)

    asyncio.run(step())
    with pytest.raises(BridgeClosedError, match="event loop"):
        asyncio.run(step())
    asyncio.run(bridge.close())
    gc.collect()


def test_over_grpc_a_forked_process_says_what_does_not_work_there(server: Server) -> None:
    program = """if True:
        import asyncio, functools, os, sys, session_bridge
        async def use(bridge):
            return await bridge.get_session("forked").increment("n")
        connect = functools.partial(session_bridge.connect_async, sys.argv[1], carrier="grpc")
        bridge = connect()
        assert asyncio.run(use(bridge)) == 1
        if os.fork() == 0:
            for made in (bridge, connect()):
                try:
                    asyncio.run(use(made))
                except session_bridge.UnsupportedError as error:
                    assert "fork" in str(error)
                else:
                    os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        assert asyncio.run(use(bridge)) == 2
    """
    subprocess.run([sys.executable, "-c", program, server.address], check=True, timeout=60)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_bridge_made_before_a_fork_works_after_it(server: Server, carrier: str) -> None:
    program = """if True:
        import asyncio, os, sys, session_bridge
        session = session_bridge.connect_async(sys.argv[1], carrier=sys.argv[2]).get_session()
        async def use():
            return await session.increment("n")
        if os.fork() == 0:
            os._exit(0 if asyncio.run(use()) == 1 else 1)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        assert asyncio.run(use()) == 2
    """
    subprocess.run([sys.executable, "-c", program, server.address, carrier], check=True, timeout=60)


def test_a_bridge_in_use_works_on_both_sides_of_a_fork(server: Server) -> None:
    """Over the direct carrier, also when the loop of the parent goes on."""
    program = """if True:
        import asyncio, os, sys, threading, session_bridge
        bridge = session_bridge.connect_async(sys.argv[1], carrier="direct")
        session = bridge.get_session()
        async def use():
            return await session.increment("n")
        def child():
            os._exit(0 if asyncio.run(use()) == 2 else 1)
        async def parent():
            assert await use() == 1
            async with session.watch() as watch:
                await anext(watch)
                pid = os.fork()
                if pid == 0:
                    thread = threading.Thread(target=child)
                    thread.start()
                    thread.join()
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
                assert await use() == 3
                while (await anext(watch)).value != 3:
                    pass
            await bridge.close()
        asyncio.run(parent())
    """
    subprocess.run([sys.executable, "-c", program, server.address], check=True, timeout=60)


def test_a_program_that_speaks_direct_does_not_import_grpc(server: Server) -> None:
    program = """if True:
        import asyncio, sys, session_bridge
        async def main():
            async with session_bridge.connect_async(sys.argv[1], carrier="auto") as bridge:
                assert await bridge.get_session().increment("n") == 1
        asyncio.run(main())
        assert "grpc" not in sys.modules
    """
    subprocess.run([sys.executable, "-W", "error", "-c", program, server.address], check=True, timeout=60)


@pytest.mark.parametrize("carrier", ["tcp", "", None, 1])
def test_a_carrier_that_there_is_not_is_refused(carrier: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="carrier is one of"):
        session_bridge.connect_async(carrier=carrier)


def test_a_program_without_an_event_loop_does_not_import_asyncio() -> None:
    """OpenTelemetry may."""
    program = """if True:
        import sys
        sys.modules["opentelemetry"] = None
        import session_bridge
        session_bridge.connect().close()
        assert "asyncio" not in sys.modules
        session_bridge.connect_async()
        assert "asyncio" in sys.modules
    """
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
