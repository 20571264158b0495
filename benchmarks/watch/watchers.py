"""A process with many watches: `python -m watch.watchers CARRIER ADDRESS WATCHES SESSIONS`.

Writes `{"ready": true}` when all of them have caught up, and when its standard input ends what came: for each number that was written, when
each watch had it, in nanoseconds of the machine's steady clock.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import session_bridge

from compare.gap import GapError
from compare.peers.bridge import connected

#: A server allows 256 streams on one connection.
_WATCHES_OF_A_BRIDGE = 200
#: Watches that are opened at once.
_OPENED_AT_ONCE = 50


def session_id(number: int) -> str:
    """The session that a watch is on; the writer names them alike."""
    return f"watched-{number}"


async def main(carrier: str, address: str, watches: int, sessions: int) -> None:
    """Watches until the standard input ends."""
    bridges = [connected("connect_async", address, carrier) for _ in range(-(-watches // _WATCHES_OF_A_BRIDGE))]
    came: dict[int, list[int]] = {}
    opening = asyncio.Semaphore(_OPENED_AT_ONCE)
    caught_up: list[asyncio.Event] = [asyncio.Event() for _ in range(watches)]

    async def watch(number: int) -> None:
        session = bridges[number % len(bridges)].get_session(session_id(number % sessions))
        await opening.acquire()
        async with session.watch() as changes:
            async for change in changes:
                if change.kind == "caught_up":
                    opening.release()
                    caught_up[number].set()
                elif change.kind == "set" and caught_up[number].is_set():
                    came.setdefault(change.value, []).append(time.perf_counter_ns())

    tasks = [asyncio.create_task(watch(number)) for number in range(watches)]
    await _all_or_first_failure(caught_up, tasks)
    print(json.dumps({"ready": True}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"came": came}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _all_or_first_failure(events: Sequence[asyncio.Event], tasks: Sequence["asyncio.Task[Any]"]) -> None:
    waiting = asyncio.ensure_future(asyncio.gather(*(event.wait() for event in events)))
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    if waiting not in done:
        waiting.cancel()
        done.pop().result()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    except (GapError, session_bridge.BridgeError) as error:
        print(json.dumps({"gap": str(error)}), flush=True)
