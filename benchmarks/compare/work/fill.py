"""Sessions with variables, many of them."""

from collections.abc import Mapping
from typing import Any

from ..adapter import Adapter
from ..running import run

_NAME_BYTES = 10
_VALUE = "a value of 20 bytes."


def work(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Makes `sessions` sessions of `variables` variables, names of 10 bytes and values of 20, numbered from `first` on."""
    values = {f"v{i:0{_NAME_BYTES - 1}d}": _VALUE for i in range(params["variables"])}
    first = params.get("first", 0)
    run(adapter.fill([f"session-{n:09d}" for n in range(first, first + params["sessions"])], values))
    return {}
