"""The twin of `_session_past` for programs that run in an event loop."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar, overload

from typing_extensions import TypeForm

from . import _past_calls as calls
from ._arguments import OMITTED, IfRevision
from ._async_steps import run_async
from ._link import Handle
from ._models import CheckpointInfo, HistoryEntry
from ._steps import Steps
from ._transport import AsyncTransport

T = TypeVar("T")
R = TypeVar("R")


class AsyncSessionPast:
    """The part of a session that is about more than its present values: the twin of `SessionPast`."""

    __slots__ = ()

    _handle: Handle[AsyncTransport]

    @overload
    def history(self, name: str, *, limit: int | None = None) -> AsyncIterator[HistoryEntry[Any]]: ...
    @overload
    def history(self, name: str, *, limit: int | None = None, type: TypeForm[T]) -> AsyncIterator[HistoryEntry[T]]: ...
    def history(self, name: str, *, limit: int | None = None, type: Any = None) -> AsyncIterator[HistoryEntry[Any]]:
        """The states that a variable had before the present one, newest first; see `Session.history`."""
        return self._history(calls.history_walk(name, limit, type))

    async def _history(self, begun: calls.HistoryWalk) -> AsyncIterator[HistoryEntry[Any]]:
        walk: calls.HistoryWalk | None = begun
        while walk is not None:
            entries, walk = await self._call(calls.history(self._handle, walk))
            for entry in entries:
                yield entry

    async def restore(self, name: str, revision: int, *, if_revision: IfRevision = OMITTED) -> int:
        """Writes again what a variable was at a revision; returns the new one. See `Session.restore`."""
        return await self._call(calls.restore(self._handle, name, revision, if_revision))

    async def checkpoint(self, label: str) -> int:
        """Names the present state, and returns the revision that it has; see `Session.checkpoint`."""
        return await self._call(calls.checkpoint(self._handle, label))

    async def list_checkpoints(self) -> list[CheckpointInfo]:
        """The named states, oldest first."""
        return await self._call(calls.list_checkpoints(self._handle))

    async def delete_checkpoint(self, label: str) -> bool:
        """Forgets a named state; says whether there was one."""
        return await self._call(calls.delete_checkpoint(self._handle, label))

    async def rollback(self, label: str) -> int:
        """Makes all variables what they were at a checkpoint; returns how many changed. See `Session.rollback`."""
        return await self._call(calls.rollback(self._handle, label))

    async def declare(self, name: str, schema: Mapping[str, Any] | bool | TypeForm[Any]) -> int:
        """Makes the server refuse values that do not fit a JSON Schema or a type; see `Session.declare`."""
        return await self._call(calls.declare(self._handle, name, schema))

    async def undeclare(self, name: str) -> bool:
        """Lets a variable be anything again; says whether something was declared."""
        return await self._call(calls.undeclare(self._handle, name))

    async def declarations(self) -> dict[str, Any]:
        """The JSON Schemas that are declared, by the names of the variables, in byte order."""
        return await self._call(calls.declarations(self._handle))

    async def _call(self, steps: Steps[R]) -> R:
        return await run_async(steps, self._handle.link.transport)
