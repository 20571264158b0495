"""What `Session` can say of what it was, what it names to go back to, and what its values have to be."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, overload

from typing_extensions import TypeForm

from . import _past_calls as calls
from ._arguments import OMITTED, IfRevision
from ._link import Handle
from ._models import CheckpointInfo, HistoryEntry
from ._steps import Steps, run
from ._transport import Transport

T = TypeVar("T")
R = TypeVar("R")


class SessionPast:
    """The part of a session that is about more than its present values."""

    __slots__ = ()

    _handle: Handle[Transport]

    @overload
    def history(self, name: str, *, limit: int | None = None) -> Iterator[HistoryEntry[Any]]: ...
    @overload
    def history(self, name: str, *, limit: int | None = None, type: TypeForm[T]) -> Iterator[HistoryEntry[T]]: ...
    def history(self, name: str, *, limit: int | None = None, type: Any = None) -> Iterator[HistoryEntry[Any]]:
        """The states that a variable had before the present one, newest first, fetched page by page.

        Only as many as the session keeps (see `create_session`), none by default. A deletion and an expiry are states
        too. A value that cannot be read raises when its entry is asked for it, and leaves the others readable.

        Args:
            name: The variable, which need not exist any more.
            limit: At most so many entries.
            type: What the values are read as; see `get_variable`.
        """
        return self._history(calls.history_walk(name, limit, type))

    def _history(self, begun: calls.HistoryWalk) -> Iterator[HistoryEntry[Any]]:
        walk: calls.HistoryWalk | None = begun
        while walk is not None:
            entries, walk = self._call(calls.history(self._handle, walk))
            yield from entries

    def restore(self, name: str, revision: int, *, if_revision: IfRevision = OMITTED) -> int:
        """Writes again what a variable was at a revision of its history: a value with its deadline, or nothing.

        Returns:
            The variable's new revision, 0 when it is gone.

        Raises:
            CompactedError: What it was then is not kept.
            RevisionMismatchError: The variable has another revision than `if_revision`.
            ConstraintError: The value does not fit what the name is declared as by now.
        """
        return self._call(calls.restore(self._handle, name, revision, if_revision))

    def checkpoint(self, label: str) -> int:
        """Names the present state, so that `rollback` can go back to it; returns the revision that it has.

        A label that is in use names the present state from now on. A session has at most 16 of them, unless the server
        says otherwise; they take at most as much space as the session may.

        Raises:
            LimitExceededError: There are as many as there may be, or their values would take too much.
        """
        return self._call(calls.checkpoint(self._handle, label))

    def list_checkpoints(self) -> list[CheckpointInfo]:
        """The named states, oldest first."""
        return self._call(calls.list_checkpoints(self._handle))

    def delete_checkpoint(self, label: str) -> bool:
        """Forgets a named state; says whether there was one."""
        return self._call(calls.delete_checkpoint(self._handle, label))

    def rollback(self, label: str) -> int:
        """Makes all variables what they were at a checkpoint, in one commit; returns how many variables changed.

        Variables that have come since then are gone, and what has expired since then stays away. The history, the
        checkpoints and what is declared stay.

        Raises:
            CheckpointNotFoundError: There is no such checkpoint.
            ConstraintError: A value does not fit what its name is declared as by now; nothing changes.
        """
        return self._call(calls.rollback(self._handle, label))

    def declare(self, name: str, schema: Mapping[str, Any] | bool | TypeForm[Any]) -> int:
        """Makes the server refuse values that do not fit, whoever writes them, however: with ConstraintError.

        Args:
            name: The variable, which need not exist yet.
            schema: A JSON Schema of the keywords in docs/declared-variables.md; or a type: a dataclass, TypedDict,
                NamedTuple, Enum, Literal, pydantic model, a union or container of them, `Annotated` with bounds.

        Returns:
            The revision of the declaration; the same one again changes nothing.

        Raises:
            ConstraintError: The present value does not fit; nothing is declared.
            SerializationError: Values of the type fit no JSON Schema, such as datetime or bytes; `path` says where.
            InvalidArgumentError: The schema says what a server does not know; `path` and `rule` say what.
        """
        return self._call(calls.declare(self._handle, name, schema))

    def undeclare(self, name: str) -> bool:
        """Lets a variable be anything again; says whether something was declared."""
        return self._call(calls.undeclare(self._handle, name))

    def declarations(self) -> dict[str, Any]:
        """The JSON Schemas that are declared, by the names of the variables, in byte order."""
        return self._call(calls.declarations(self._handle))

    def _call(self, steps: Steps[R]) -> R:
        return run(steps, self._handle.link.transport)
