"""`update_variable` as steps: a compare-and-set loop."""

import copy
import time
from collections.abc import Callable
from typing import Any

from . import _arguments as check
from . import _wire as wire
from ._errors import DeadlineExceededError, InvalidArgumentError, RevisionMismatchError
from ._link import Handle, decoded, encoded_as
from ._steps import Steps


def update_variable(
    handle: Handle,
    name: str,
    fn: Callable[[Any], Any],
    default: object,
    attempts: int | None,
    allow_none: bool,
    kind: object,
) -> Steps[Any]:
    """Reads, calls `fn`, and writes what it gives if nobody wrote in between; else again."""
    check.check_name(name)
    check.check_count(attempts, "attempts")
    link, deadline = handle.link, handle.link.deadline()
    tried = 0
    while True:
        begun = time.monotonic()
        read = yield from link.ask(wire.GetVariable(handle.session_id, name, include_info=True), deadline)
        old = copy.deepcopy(default) if read.encoded is None else decoded(handle, name, read.encoded, kind)
        was_none = old is None
        new = fn(old)
        if new is None and not was_none and not allow_none:
            raise InvalidArgumentError(
                "the function gave None for a value that was not None; return the new value, or say allow_none=True",
                reason="INVALID_VALUE",
                name=name,
            )
        request = wire.SetVariable(
            handle.session_id,
            name,
            encoded_as(handle, name, new, read.encoded.encoding if read.encoded else ""),
            ttl=None if read.encoded is None else "keep",
            if_revision=0 if read.info is None else read.info.revision,
            must_exist=handle.must_exist,
            defaults=handle.defaults,
        )
        try:
            yield from link.ask(request, deadline)
            handle.contention.succeeded()
            return new
        except RevisionMismatchError:
            tried += 1
            if attempts is not None and tried >= attempts:
                raise
        late = DeadlineExceededError(f"others wrote {name!r} first, {tried} times in {link.timeout:g} s", name=name)
        yield from handle.contention.collided(time.monotonic() - begun).wait(0, deadline, late)
