"""A hundred values in one call."""

from collections.abc import Mapping
from typing import Any

from ..adapter import Adapter
from ..running import durations_us, is_async, run
from ..stats import percentile
from ..values import VALUES

_COUNT = 100
_WARM_UP = 5


def work(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The median and the 99th percentile of a `call` ("get" or "set") of 100 small values, in microseconds."""
    values = {f"batch-{i}": VALUES["100 B"] for i in range(_COUNT)}
    names = list(values)
    run(adapter.set_many(values))
    argument: Any = names if params["call"] == "get" else values
    method: Any = adapter.get_many if params["call"] == "get" else adapter.set_many
    found = run(adapter.get_many(names))
    if len(found) != _COUNT:
        raise AssertionError(f"read {len(found)} of {_COUNT} values")

    if is_async(method):

        async def call_async(_: int) -> None:
            await method(argument)

        call: Any = call_async
    else:

        def call(_: int) -> None:
            method(argument)

    durations_us(call, seconds=params["seconds"] / 4, most=_WARM_UP)
    took = durations_us(call, seconds=params["seconds"], most=params["most"])
    return {"value": percentile(took, 0.5), "p99": percentile(took, 0.99), "calls": len(took) + _WARM_UP}
