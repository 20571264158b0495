"""The calls of a session's variables as steps: what is asked, and what the answers mean.

Nothing here waits, so that every kind of session can share it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from . import _arguments as check
from . import _changes as changes
from . import _update_wire as updates
from . import _wire as wire
from ._arguments import OMITTED, IfRevision
from ._errors import BridgeError, InvalidArgumentError, SessionNotFoundError, VariableNotFoundError
from ._link import Handle, all_readable, decoded, encoded_as, number, packed, pages, unpacked
from ._models import Entry, VariableInfo, entry, variable_info
from ._steps import Steps


def get_variable(handle: Handle, name: str, default: object, kind: object) -> Steps[Any]:
    """The value of a variable, converted to `kind` unless that is None, or the default."""
    answer = yield from handle.link.ask(wire.GetVariable(handle.session_id, check.check_name(name)))
    return default if answer.encoded is None else decoded(handle, name, answer.encoded, kind)


def get_item(handle: Handle, name: str) -> Steps[Any]:
    """The value of a variable; a missing one raises VariableNotFoundError."""
    answer = yield from handle.link.ask(wire.GetVariable(handle.session_id, check.check_name(name)))
    if answer.encoded is None:
        raise _not_found(handle, name)
    return decoded(handle, name, answer.encoded)


def has_variable(handle: Handle, name: str) -> Steps[bool]:
    """Whether there is such a variable; a stored None counts."""
    answer = yield from handle.link.ask(wire.GetVariable(handle.session_id, check.check_name(name)))
    return answer.encoded is not None


def get_entry(handle: Handle, name: str, kind: object) -> Steps[Entry[Any] | None]:
    """A variable with what is known of it."""
    request = wire.GetVariable(handle.session_id, check.check_name(name), include_info=True)
    answer = yield from handle.link.ask(request)
    if answer.encoded is None or answer.info is None:
        return None
    return entry(answer.info, decoded(handle, name, answer.encoded, kind))


def get_variables(handle: Handle, names: tuple[object, ...], prefix: str | None) -> Steps[dict[str, Any]]:
    """Many values of one snapshot, in byte order of their names."""
    if names and prefix is not None:
        raise InvalidArgumentError("get_variables takes names or a prefix, not both")
    first = wire.GetVariables(handle.session_id, prefix=check.check_prefix(prefix or ""))
    if names:
        wanted = check.check_wanted(names)
        if not wanted:
            return {}
        first = wire.GetVariables(handle.session_id, names=wanted)
    answers = yield from pages(
        handle.link, lambda token: wire.GetVariables(first.session_id, first.names, first.prefix, token)
    )
    return _unpacked(handle, answers)


def list_variables(handle: Handle, prefix: str) -> Steps[list[VariableInfo]]:
    """What is known of the variables of one snapshot."""
    check.check_prefix(prefix)
    answers = yield from pages(handle.link, lambda token: wire.ListVariables(handle.session_id, prefix, token))
    return [variable_info(info) for page in answers for info in page.variables]


def list_names(handle: Handle) -> Steps[list[str]]:
    """The names of one snapshot, in byte order."""
    answers = yield from pages(handle.link, lambda token: wire.ListVariables(handle.session_id, page_token=token))
    return [info.name for page in answers for info in page.variables]


def count(handle: Handle) -> Steps[int]:
    """How many variables there are; none when there is no session."""
    session = yield from _session(handle)
    return 0 if session is None else session.variable_count


def set_variable(
    handle: Handle,
    name: str,
    value: object,
    ttl: float | timedelta | str | None,
    if_revision: IfRevision,
    encoding: str,
) -> Steps[int]:
    """Writes a variable; the answer is its revision."""
    check.check_name(name)
    request = wire.SetVariable(
        handle.session_id,
        name,
        encoded_as(handle, name, value, encoding),
        ttl=check.check_ttl(ttl, may_keep=True),
        if_revision=check.check_if_revision(if_revision),
        must_exist=handle.must_exist,
        defaults=handle.defaults,
    )
    return (yield from handle.link.ask(request)).revision


def set_default(handle: Handle, name: str, default: object) -> Steps[Any]:
    """The value of a variable, which becomes the default if there is none."""
    check.check_name(name)
    encoded = encoded_as(handle, name, default)
    request = wire.SetVariable(
        handle.session_id,
        name,
        encoded,
        if_missing=True,
        must_exist=handle.must_exist,
        defaults=handle.defaults,
    )
    answer = yield from handle.link.ask(request)
    return decoded(handle, name, encoded if answer.applied or answer.previous is None else answer.previous)


def set_variables(handle: Handle, values: Mapping[str, object]) -> Steps[int]:
    """Writes all of the values or none; the answer is their revision; without values, the session's."""
    check.check_each_name(values)
    if not values:
        session = yield from _session(handle)
        return 0 if session is None else session.revision
    return (yield from update(handle, values=packed(handle, values))).session_revision


def delete_variable(handle: Handle, name: str, if_revision: IfRevision) -> Steps[bool]:
    """Deletes a variable; the answer is whether there was one."""
    request = wire.DeleteVariable(
        handle.session_id,
        check.check_name(name),
        if_revision=check.check_if_revision(if_revision),
        must_exist=handle.must_exist,
    )
    return (yield from handle.link.ask(request)).deleted


def expire_variable(handle: Handle, name: str, ttl: float | timedelta | str) -> Steps[int]:
    """Changes a variable's deadline alone; the answer is its revision, 0 when there is none."""
    change = updates.Expire(check.check_new_ttl(ttl))
    return (yield from update(handle, updates.Operation(check.check_name(name), change))).results[0].revision


def delete_item(handle: Handle, name: str) -> Steps[None]:
    """Deletes a variable; a missing one raises VariableNotFoundError."""
    if not (yield from delete_variable(handle, name, OMITTED)):
        raise _not_found(handle, name)


def pop(handle: Handle, name: str, defaults: tuple[object, ...]) -> Steps[Any]:
    """Deletes a variable and gives its value, or the one default if there is one."""
    if len(defaults) > 1:
        raise TypeError(f"pop expected at most 2 arguments, got {1 + len(defaults)}")
    request = wire.DeleteVariable(
        handle.session_id, check.check_name(name), want_previous=True, must_exist=handle.must_exist
    )
    answer = yield from handle.link.ask(request)
    if answer.deleted and answer.previous is not None:
        return decoded(handle, name, answer.previous)
    if defaults:
        return defaults[0]
    raise _not_found(handle, name)


def pop_item(handle: Handle) -> Steps[tuple[str, Any]]:
    """Deletes the last variable in byte order of the names and gives it."""
    answer = yield from update(handle, updates.Operation("", updates.PopLast()))
    previous = answer.results[0].previous
    if previous is None:
        raise VariableNotFoundError(f"session {handle.session_id!r} has no variables")
    name = previous.info.name
    return name, decoded(handle, name, previous.encoded)


def clear(handle: Handle, prefix: str) -> Steps[int]:
    """Deletes every variable whose name begins with the prefix; the answer is how many."""
    answer = yield from update(handle, updates.Operation("", updates.Clear(check.check_prefix(prefix))))
    return answer.results[0].count


def increment(handle: Handle, name: str, by: object, if_revision: IfRevision) -> Steps[int | float]:
    """Adds to a number; the answer is the new one."""
    answer = yield from update(handle, changes.incremented(handle, name, by, if_revision))
    return number(answer.results[0].number, name)


def append(handle: Handle, name: str, value: object, keep_last: int | None, if_revision: IfRevision) -> Steps[int]:
    """Lengthens a list, str or bytes; the answer is the new length."""
    answer = yield from update(handle, changes.appended(handle, name, value, keep_last, if_revision))
    return answer.results[0].count


def merge(
    handle: Handle,
    name: str,
    values: object,
    path: Iterable[str],
    remove: Iterable[str],
    if_revision: IfRevision,
) -> Steps[int]:
    """Writes names into a map and removes others; the answer is the variable's revision."""
    answer = yield from update(handle, changes.merged(handle, name, values, path, remove, if_revision))
    return answer.results[0].revision


def _session(handle: Handle) -> Steps[wire.SessionAnswer | None]:
    try:
        return (yield from handle.link.ask(wire.GetSession(handle.session_id)))
    except SessionNotFoundError:
        return None


def _not_found(handle: Handle, name: str) -> VariableNotFoundError:
    return VariableNotFoundError(f"session {handle.session_id!r} has no variable {name!r}", name=name)


def update(handle: Handle, *operations: updates.Operation, values: bytes = b"") -> Steps[updates.UpdateVariablesAnswer]:
    """Changes the session: the packed values, then the operations; all or nothing."""
    return handle.link.ask(
        updates.UpdateVariables(
            handle.session_id,
            values=values,
            operations=operations,
            must_exist=handle.must_exist,
            defaults=handle.defaults,
        )
    )


def _unpacked(handle: Handle, answers: Sequence[wire.GetVariablesAnswer]) -> dict[str, Any]:
    """The values of all pages. If some do not decode, the error of the first has the others in `readable`."""
    values: dict[str, Any] = {}
    errors: dict[str, BridgeError] = {}
    for answer in answers:
        readable, unreadable = unpacked(answer.values)
        values |= readable
        errors |= unreadable
        for variable in answer.custom:
            try:
                values[variable.info.name] = decoded(handle, variable.info.name, variable.encoded)
            except BridgeError as error:
                errors[variable.info.name] = error
    if any(answer.custom for answer in answers):
        values = dict(sorted(values.items()))
    return all_readable(values, errors)
