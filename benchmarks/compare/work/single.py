"""One read or one write after another."""

from collections.abc import Mapping
from typing import Any

from ..adapter import Adapter, Answer
from ..running import durations_us, is_async, run
from ..stats import percentile
from ..values import VALUES

_WARM_UP = 30
_NAMES = 3


def work(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The median and the 99th percentile of `call` ("get" or "set") of a value of `size`, in microseconds."""
    value = VALUES[params["size"]]
    names = [f"{params['size'].replace(' ', '-')}-{i}" for i in range(_NAMES)]
    for name in names:
        run(adapter.set(name, value))
    call = _call(adapter, params["call"], names, value)
    durations_us(call, seconds=params["seconds"] / 4, most=_WARM_UP)
    took = durations_us(call, seconds=params["seconds"], most=params["most"])
    return {"value": percentile(took, 0.5), "p99": percentile(took, 0.99), "calls": len(took) + _WARM_UP}


def _call(adapter: Adapter, call: str, names: list[str], value: object) -> Any:
    if call == "get":
        if is_async(adapter.get):

            async def get_async(i: int) -> None:
                await adapter.get(names[i % _NAMES])

            return get_async

        def get(i: int) -> Answer:
            adapter.get(names[i % _NAMES])

        return get
    if is_async(adapter.set):

        async def set_async(i: int) -> None:
            await adapter.set(names[i % _NAMES], value)

        return set_async

    def set_(i: int) -> Answer:
        adapter.set(names[i % _NAMES], value)

    return set_
