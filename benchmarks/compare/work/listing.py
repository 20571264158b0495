"""A walk over all sessions."""

import time
from collections.abc import Mapping
from typing import Any

from ..adapter import Adapter
from ..running import run


def work(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a walk over `sessions` sessions takes, in milliseconds. Raises AssertionError when it finds another number."""
    begun = time.perf_counter()
    found = run(adapter.list_ids())
    took = time.perf_counter() - begun
    if found != params["sessions"]:
        raise AssertionError(f"found {found} of {params['sessions']} sessions")
    return {"value": took * 1e3}
