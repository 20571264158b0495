"""Event loops and processes: where a bridge of the asynchronous client works."""

import asyncio
import subprocess
import sys

import pytest

import session_bridge
from session_bridge import BridgeClosedError, InvalidArgumentError

from .servers import Server


def test_a_bridge_belongs_to_one_event_loop_at_a_time(server: Server) -> None:
    bridge = session_bridge.connect_async(server.address)
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


def test_a_watch_belongs_to_its_event_loop(server: Server) -> None:
    bridge = session_bridge.connect_async(server.address)
    watch = bridge.get_session().watch()

    async def step() -> object:
        return await anext(watch)

    asyncio.run(step())
    with pytest.raises(BridgeClosedError, match="event loop"):
        asyncio.run(step())
    asyncio.run(bridge.close())


def test_a_forked_process_says_what_does_not_work_there(server: Server) -> None:
    program = """if True:
        import asyncio, os, sys, session_bridge
        async def use(bridge):
            return await bridge.get_session("forked").increment("n")
        bridge = session_bridge.connect_async(sys.argv[1])
        unused = session_bridge.connect_async(sys.argv[1])
        assert asyncio.run(use(bridge)) == 1
        if os.fork() == 0:
            for made in (bridge, session_bridge.connect_async(sys.argv[1])):
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


def test_a_bridge_made_before_a_fork_works_after_it(server: Server) -> None:
    program = """if True:
        import asyncio, os, sys, session_bridge
        session = session_bridge.connect_async(sys.argv[1]).get_session()
        async def use():
            return await session.increment("n")
        if os.fork() == 0:
            os._exit(0 if asyncio.run(use()) == 1 else 1)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        assert asyncio.run(use()) == 2
    """
    subprocess.run([sys.executable, "-c", program, server.address], check=True, timeout=60)
