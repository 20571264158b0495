"""A transaction as its block or function sees it, carried out in the task that calls."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable
from typing import Any, TypeVar, cast, overload

from typing_extensions import TypeForm

from . import _changes as changes
from ._arguments import OMITTED, IfRevision
from ._async_steps import run_async
from ._errors import InvalidArgumentError
from ._link import Handle
from ._models import Ttl
from ._steps import Steps
from ._transact import Tries
from ._transaction_state import TransactionState
from ._transport import AsyncTransport

T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R")


class AsyncTransaction:
    """Reads and writes of one session that take effect together or not at all; had from `AsyncSession.transaction`.

    As `Transaction`: all reads see one state and this transaction's own writes. Reads are coroutines. Writes are plain
    calls, since they are only collected: the server judges them when the block or function ends. It is for one task,
    and over when its block or function is.
    """

    __slots__ = ("_state",)

    def __init__(self, state: TransactionState[AsyncTransport]) -> None:
        """Made by `AsyncSession.transaction` and `AsyncSession.transact`."""
        self._state = state

    @overload
    async def get_variable(self, name: str) -> Any: ...  # noqa: ANN401
    @overload
    async def get_variable(self, name: str, default: object) -> Any: ...  # noqa: ANN401
    @overload
    async def get_variable(self, name: str, *, type: TypeForm[T]) -> T | None: ...
    @overload
    async def get_variable(self, name: str, default: D, *, type: TypeForm[T]) -> T | D: ...
    async def get_variable(self, name: str, default: object = None, *, type: Any = None) -> Any:
        """The value of a variable, or the default when there is none, as `AsyncSession.get_variable`."""
        return await self._run(self._state.get_variable(name, default, type))

    async def get_variables(self, *names: str | Iterable[str]) -> dict[str, Any]:
        """Many values in one round trip, in byte order of their names; see `Transaction.get_variables`."""
        return await self._run(self._state.get_variables(names))

    async def has_variable(self, name: str) -> bool:
        """Whether there is such a variable; a stored None counts."""
        return await self._run(self._state.has_variable(name))

    def set_variable(
        self, name: str, value: object, *, ttl: Ttl = None, if_revision: IfRevision = OMITTED, encoding: str = ""
    ) -> None:
        """Will write a variable, as `AsyncSession.set_variable`; the value is taken as it is now."""
        self._state.write(changes.set_to(self._state.handle, name, value, ttl, if_revision, encoding))

    def set_variables(self, values: Mapping[str, Any]) -> None:
        """Will write all of the values."""
        self._state.write(*changes.all_set_to(self._state.handle, values))

    def delete_variable(self, name: str, *, if_revision: IfRevision = OMITTED) -> None:
        """Will delete a variable if there is one."""
        self._state.write(changes.deletion(name, if_revision))

    def increment(self, name: str, by: float = 1, *, if_revision: IfRevision = OMITTED) -> None:
        """Will add to a number, as `AsyncSession.increment`. Unread, it collides with nobody."""
        self._state.write(changes.incremented(self._state.handle, name, by, if_revision))

    def append(
        self,
        name: str,
        value: list[Any] | str | bytes | bytearray | memoryview,
        *,
        keep_last: int | None = None,
        if_revision: IfRevision = OMITTED,
    ) -> None:
        """Will lengthen a list, str or bytes, as `AsyncSession.append`. Unread, it collides with nobody."""
        self._state.write(changes.appended(self._state.handle, name, value, keep_last, if_revision))

    def merge(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        path: Iterable[str] = (),
        remove: Iterable[str] = (),
        if_revision: IfRevision = OMITTED,
    ) -> None:
        """Will write names into a map and remove others, as `AsyncSession.merge`. Unread, it collides with nobody."""
        self._state.write(changes.merged(self._state.handle, name, values, path, remove, if_revision))

    def __repr__(self) -> str:
        """The session's id; never values."""
        return f"AsyncTransaction(session_id={self._state.handle.session_id!r})"

    async def _run(self, steps: Steps[R]) -> R:
        return await run_async(steps, self._state.handle.link.transport)


async def transact(
    handle: Handle[AsyncTransport], fn: Callable[[AsyncTransaction], Awaitable[R]], attempts: int | None
) -> R:
    """Runs `fn` in transactions until one meets nobody else; gives what it returned then."""
    tries = Tries(handle, attempts)
    while True:
        with tries.attempt() as state:
            begun = fn(AsyncTransaction(state))
            if not isawaitable(cast("object", begun)):
                raise InvalidArgumentError("transact takes a coroutine function, not a plain one")
            result = await begun
            await run_async(state.commit(), handle.link.transport)
            return result
        for pause in tries.pauses():
            await asyncio.sleep(pause.seconds)
