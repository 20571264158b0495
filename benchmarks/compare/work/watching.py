"""A change from the writer's process to the watcher's; both read the machine's one steady clock."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from ..adapter import Adapter
from ..running import LOOP, is_async, run

_NAME = "watched"


def watch(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """When each of `count` changes was delivered, in nanoseconds, by the number that was written."""
    delivered: dict[int, int] = {}

    def deliver(number: int) -> None:
        delivered.setdefault(number, time.perf_counter_ns())

    def ready() -> None:
        print(json.dumps({"ready": True}), flush=True, file=sys.stdout)

    run(adapter.watch(_NAME, ready, deliver, params["count"]))
    return {"delivered": delivered}


def write(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Writes the numbers up to `count` with pauses between; when each was begun and when answered, in nanoseconds."""
    sent: dict[int, tuple[int, int]] = {}
    if is_async(adapter.set):
        LOOP.run_until_complete(_write_async(adapter, params, sent))
        return {"sent": sent}
    for number in range(1, params["count"] + 1):
        time.sleep(params["pause"])
        begun = time.perf_counter_ns()
        adapter.set(_NAME, number)
        sent[number] = (begun, time.perf_counter_ns())
    return {"sent": sent}


async def _write_async(adapter: Adapter, params: Mapping[str, Any], sent: dict[int, tuple[int, int]]) -> None:
    for number in range(1, params["count"] + 1):
        # Not asyncio's: both kinds of writer pause alike, and nothing else happens in this process.
        time.sleep(params["pause"])
        begun = time.perf_counter_ns()
        await adapter.set(_NAME, number)
        sent[number] = (begun, time.perf_counter_ns())
