"""The calls about what a session was, names and declares as steps, as `_calls` has those of its variables."""

from dataclasses import dataclass, replace
from typing import Any, Final

from . import _arguments as check
from . import _past_wire as past
from . import _update_wire as updates
from . import _wire as wire
from ._arguments import IfRevision
from ._calls import update
from ._errors import BridgeError, InvalidArgumentError
from ._json_schema import json_schema
from ._link import Handle, decoded, encoded_as
from ._models import CheckpointInfo, HistoryEntry, checkpoint_info, history_entry
from ._steps import Steps

_PAGE_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class HistoryWalk:
    """What is left to ask of a variable's history, and the type that its values are read as."""

    name: str
    kind: object
    left: int | None
    before: int | None = None


def history_walk(name: str, limit: int | None, kind: object) -> HistoryWalk:
    """A walk that has not begun."""
    return HistoryWalk(check.check_name(name), kind, check.check_count(limit, "limit"))


def history(handle: Handle, walk: HistoryWalk) -> Steps[tuple[list[HistoryEntry[Any]], HistoryWalk | None]]:
    """One page of entries, newest first, and the walk from there on, None after the last."""
    limit = 0 if walk.left is None else min(walk.left, _PAGE_ENTRIES)
    answer = yield from handle.link.ask(past.GetHistory(handle.session_id, walk.name, walk.before, limit))
    shown = [_shown(handle, walk, entry, entry.kind) for entry in answer.entries if entry.kind is not None]
    left = None if walk.left is None else walk.left - len(answer.entries)
    if answer.next_before is None or left == 0:
        return shown, None
    return shown, replace(walk, left=left, before=answer.next_before)


def _shown(
    handle: Handle, walk: HistoryWalk, entry: past.HistoryEntryAnswer, kind: past.HistoryKind
) -> HistoryEntry[Any]:
    """An entry, whose value may be one that cannot be read here: that costs nobody the others."""
    value, unreadable = None, None
    if entry.variable is not None:
        try:
            value = decoded(handle, walk.name, entry.variable.encoded, walk.kind)
        except InvalidArgumentError:
            raise  # The type is none.
        except BridgeError as error:
            unreadable = error
    return history_entry(walk.name, kind, entry, value, unreadable)


def restore(handle: Handle, name: str, revision: int, if_revision: IfRevision) -> Steps[int]:
    """Writes again what a variable had at a revision; the answer is the new revision, 0 when that was nothing."""
    change = updates.Restore(check.check_revision(revision, "revision"))
    answer = yield from update(
        handle, updates.Operation(check.check_name(name), change, check.check_if_revision(if_revision))
    )
    return answer.results[0].revision


def checkpoint(handle: Handle, label: str) -> Steps[int]:
    """Names the present state; the answer is its revision."""
    answer = yield from update(handle, updates.Operation("", updates.Checkpoint(check.check_label(label))))
    return answer.results[0].revision


def list_checkpoints(handle: Handle) -> Steps[list[CheckpointInfo]]:
    """The named states, oldest first."""
    answer = yield from handle.link.ask(past.ListCheckpoints(handle.session_id))
    return [checkpoint_info(each) for each in answer]


def delete_checkpoint(handle: Handle, label: str) -> Steps[bool]:
    """Forgets a named state; the answer is whether there was one."""
    answer = yield from update(handle, updates.Operation("", updates.DeleteCheckpoint(check.check_label(label))))
    return answer.results[0].applied


def rollback(handle: Handle, label: str) -> Steps[int]:
    """Makes the variables what a named state was; the answer is how many changed."""
    answer = yield from update(handle, updates.Operation("", updates.Rollback(check.check_label(label))))
    return answer.results[0].count


def declare(handle: Handle, name: str, declared: object) -> Steps[int]:
    """Says what a variable's values look like; the answer is the revision of that."""
    check.check_name(name)
    schema = encoded_as(handle, name, json_schema(declared, name)).value
    answer = yield from update(handle, updates.Operation(name, updates.Declare(schema)))
    return answer.results[0].revision


def undeclare(handle: Handle, name: str) -> Steps[bool]:
    """Ends what is declared; the answer is whether there was anything."""
    answer = yield from update(handle, updates.Operation(check.check_name(name), updates.Declare(b"")))
    return answer.results[0].applied


def declarations(handle: Handle) -> Steps[dict[str, Any]]:
    """The schemas by name, in byte order of the names."""
    answer = yield from handle.link.ask(past.ListDeclarations(handle.session_id))
    return {each.name: decoded(handle, each.name, wire.Encoded(each.schema)) for each in answer}
