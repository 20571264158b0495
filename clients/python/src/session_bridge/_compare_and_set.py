"""`update_variable` as steps: a compare-and-set loop."""

import copy
from collections.abc import Callable
from typing import Any

from . import _arguments as check
from . import _wire as wire
from ._contention import Attempts
from ._errors import InvalidArgumentError, RevisionMismatchError
from ._link import Handle, decoded, encoded_as, encoded_over
from ._steps import Apply, Steps


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
    link = handle.link
    tries = Attempts(handle.contention, attempts, link.timeout)
    while True:
        read = yield from link.ask(wire.GetVariable(handle.session_id, name, include_info=True), tries.deadline)
        old = copy.deepcopy(default) if read.encoded is None else decoded(handle, name, read.encoded, kind)
        was_none = old is None
        new = yield Apply(fn, old)
        if new is None and not was_none and not allow_none:
            raise InvalidArgumentError(
                "the function gave None for a value that was not None; return the new value, or say allow_none=True",
                reason="INVALID_VALUE",
                name=name,
            )
        request = wire.SetVariable(
            handle.session_id,
            name,
            encoded_as(handle, name, new) if read.encoded is None else encoded_over(handle, name, new, read.encoded),
            ttl=None if read.encoded is None else "keep",
            if_revision=0 if read.info is None else read.info.revision,
            must_exist=handle.must_exist,
            defaults=handle.defaults,
        )
        try:
            yield from link.ask(request, tries.deadline)
        except RevisionMismatchError as error:
            lost = error
        else:
            tries.succeeded()
            return new
        yield from tries.collided(lost)
