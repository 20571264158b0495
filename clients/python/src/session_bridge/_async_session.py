"""A session for programs that run in an event loop: the twin of `Session`."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Literal, NoReturn, TypeVar, overload

from typing_extensions import TypeForm

from . import _calls as calls
from . import _session_calls as session_calls
from ._arguments import OMITTED, IfRevision, Omitted
from ._async_session_past import AsyncSessionPast
from ._async_steps import run_async
from ._async_transaction import AsyncTransaction, transact
from ._async_watch import AsyncWatch
from ._compare_and_set import update_variable
from ._edit import edit, write_back
from ._errors import BridgeClosedError
from ._link import Handle
from ._models import Change, Entry, SessionInfo, SessionTtl, Ttl, VariableInfo
from ._steps import Steps
from ._told import changes, states
from ._transaction_state import TransactionState
from ._transport import AsyncTransport
from ._watching import watched, watched_until

T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R")


class AsyncSession(AsyncSessionPast):
    """The variables of one session, wherever it is stored, for the tasks of an event loop.

    Method for method the twin of `Session`: what asks a server is a coroutine, and means, returns and raises the same.
    There are no operators, since they cannot be waited for: `await session.get_variable("a")`, and
    `async for name in session` for the names.

    A task that is cancelled gives its call up, and the server is told. A change may have been applied then, or not:
    nobody can tell, as with an error whose `outcome` is "unknown".
    """

    __slots__ = ("__weakref__", "_handle")

    def __init__(self, handle: Handle[AsyncTransport]) -> None:
        """Made by `AsyncBridge.get_session` and `AsyncBridge.create_session`."""
        self._handle = handle

    @property
    def id(self) -> str:
        """The session's id; send this to another process, which makes a handle of its own."""
        return self._handle.session_id

    def with_options(self, *, timeout: float | None = None, retry: bool | None = None) -> "AsyncSession":
        """The same session with another timeout (seconds for each call, retries included) or retry rule."""
        return AsyncSession(self._handle.with_options(timeout, retry))

    @overload
    async def get_variable(self, name: str) -> Any: ...  # noqa: ANN401
    @overload
    async def get_variable(self, name: str, default: object) -> Any: ...  # noqa: ANN401
    @overload
    async def get_variable(self, name: str, *, type: TypeForm[T]) -> T | None: ...
    @overload
    async def get_variable(self, name: str, default: D, *, type: TypeForm[T]) -> T | D: ...
    async def get_variable(self, name: str, default: object = None, *, type: Any = None) -> Any:
        """The value of a variable, or the default when there is none (a stored None is a value).

        With `type` the value is read as that; see `Session.get_variable`.
        """
        return await run_async(calls.get_variable(self._handle, name, default, type), self._handle.link.transport)

    @overload
    async def get_entry(self, name: str) -> Entry[Any] | None: ...
    @overload
    async def get_entry(self, name: str, *, type: TypeForm[T]) -> Entry[T] | None: ...
    async def get_entry(self, name: str, *, type: Any = None) -> Entry[Any] | None:
        """A variable with its value, revision and times; None when there is none."""
        return await self._run(calls.get_entry(self._handle, name, type))

    async def has_variable(self, name: str) -> bool:
        """Whether there is such a variable; a stored None counts."""
        return await self._run(calls.has_variable(self._handle, name))

    async def set_variable(
        self, name: str, value: object, *, ttl: Ttl = None, if_revision: IfRevision = OMITTED, encoding: str = ""
    ) -> int:
        """Writes a variable, and creates the session if need be; returns its revision. See `Session.set_variable`."""
        return await self._run(calls.set_variable(self._handle, name, value, ttl, if_revision, encoding))

    async def expire_variable(self, name: str, ttl: float | timedelta | Literal["never"]) -> int:
        """Changes a variable's deadline alone; returns its new revision, 0 when there is none."""
        return await self._run(calls.expire_variable(self._handle, name, ttl))

    async def delete_variable(self, name: str, *, if_revision: IfRevision = OMITTED) -> bool:
        """Deletes a variable; says whether there was one."""
        return await self._run(calls.delete_variable(self._handle, name, if_revision))

    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[Any], Awaitable[R]],
        default: object = None,
        *,
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[Any], R],
        default: object = None,
        *,
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[T | None], Awaitable[R]],
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[T | None], R],
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[T | D], Awaitable[R]],
        default: D,
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    async def update_variable(
        self,
        name: str,
        fn: Callable[[T | D], R],
        default: D,
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    async def update_variable(
        self,
        name: str,
        fn: Callable[[Any], Any],
        default: object = None,
        *,
        type: Any = None,
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> Any:
        """Writes what `fn`, a plain or coroutine function, makes of the present value, and returns it.

        `fn` is called again when somebody else wrote in between; see `Session.update_variable`.
        """
        return await self._run(update_variable(self._handle, name, fn, default, attempts, allow_none, type))

    @asynccontextmanager
    async def edit(self, name: str, default: object = OMITTED) -> AsyncGenerator[Any]:
        """A value to change in place: `async with session.edit("config") as config: config["top_p"] = 0.9`.

        What has changed is written at the end of the block, unless somebody else wrote in between; see `Session.edit`.
        """
        edited = await self._run(edit(self._handle, name, default))
        yield edited.value
        await self._run(write_back(self._handle, edited))

    @asynccontextmanager
    async def transaction(self, *, check_reads: bool = True) -> AsyncGenerator[AsyncTransaction]:
        """Reads and writes that take effect together.

        `async with session.transaction() as t: t.set_variable("a", await t.get_variable("b") + 1)`; see
        `Session.transaction`. The writes are sent at the end of the block; an exception inside of it writes nothing.
        """
        state = TransactionState(self._handle, check_reads=check_reads)
        try:
            yield AsyncTransaction(state)
            await self._run(state.commit())
        finally:
            state.close()

    async def transact(self, fn: Callable[[AsyncTransaction], Awaitable[R]], *, attempts: int | None = None) -> R:
        """Awaits `fn(t)` with a transaction, commits that, and returns what `fn` returned.

        `fn` is called again when somebody else wrote what was read; see `Session.transact`.
        """
        return await transact(self._handle, fn, attempts)

    async def increment(self, name: str, by: float = 1, *, if_revision: IfRevision = OMITTED) -> int | float:
        """Adds to a number in one step, a missing variable being 0; returns the new number."""
        return await self._run(calls.increment(self._handle, name, by, if_revision))

    async def append(
        self,
        name: str,
        value: list[Any] | str | bytes | bytearray | memoryview,
        *,
        keep_last: int | None = None,
        if_revision: IfRevision = OMITTED,
    ) -> int:
        """Lengthens a list by a list, a str by a str, bytes by bytes; returns the new length. See `Session.append`."""
        return await self._run(calls.append(self._handle, name, value, keep_last, if_revision))

    async def merge(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        path: Iterable[str] = (),
        remove: Iterable[str] = (),
        if_revision: IfRevision = OMITTED,
    ) -> int:
        """Writes names into a map, at a path inside the value, and removes others; returns the new revision."""
        return await self._run(calls.merge(self._handle, name, values, path, remove, if_revision))

    async def get_variables(self, *names: str | Iterable[str], prefix: str | None = None) -> dict[str, Any]:
        """Many values of one consistent snapshot, in byte order of their names; see `Session.get_variables`."""
        return await self._run(calls.get_variables(self._handle, names, prefix))

    async def set_variables(self, values: Mapping[str, Any]) -> int:
        """Writes all of the values or none of them, in one commit; returns the session's revision."""
        return await self._run(calls.set_variables(self._handle, values))

    async def list_variables(self, prefix: str = "") -> AsyncIterator[VariableInfo]:
        """What is known of the variables whose names begin with the prefix, in byte order of the names."""
        for info in await self._run(calls.list_variables(self._handle, prefix)):
            yield info

    async def to_dict(self, prefix: str = "") -> dict[str, Any]:
        """The variables of one consistent snapshot, in byte order of their names."""
        return await self._run(calls.get_variables(self._handle, (), prefix))

    def watch(
        self, prefix: str = "", since: int | None = None, *, names: Iterable[str] | None = None, values: bool = True
    ) -> AsyncWatch[Change]:
        """Tells what is there, then `caught_up`, then every change: `async for change in session.watch(): …`.

        Whole commits, each once and in order, over lost connections and restarted servers; see `Session.watch`.
        """
        return AsyncWatch(
            watched(self._handle, prefix, since, names, values), self._transport, changes(self._handle, values)
        )

    def snapshots(self, prefix: str = "") -> AsyncWatch[dict[str, Any]]:
        """What `to_dict` gives, once it is known and after every commit; see `Session.snapshots`."""
        return AsyncWatch(watched(self._handle, prefix), self._transport, states(self._handle))

    async def wait_for(
        self,
        name: str,
        predicate: Callable[[Any], object],
        timeout: float | None = None,
        *,
        default: object = None,
    ) -> Any:  # noqa: ANN401
        """Waits until `predicate(value)`, a plain function, is true of a variable's value, and returns that value.

        Raises DeadlineExceededError after `timeout` seconds; see `Session.wait_for`.
        """
        until = watched_until(self._handle, name, timeout)
        async with AsyncWatch(until, self._transport, states(self._handle)) as there:
            async for state in there:
                value = state.get(name, default)
                if predicate(value):
                    return value
        raise BridgeClosedError("the watch was closed")

    async def info(self) -> SessionInfo:
        """What is known of the session; looking does not extend its life. SessionNotFoundError when there is none."""
        return await self._run(session_calls.info(self._handle))

    async def touch(self, ttl: SessionTtl = None) -> SessionInfo:
        """Extends the session's life by its ttl, or gives it another one. SessionNotFoundError when there is none."""
        return await self._run(session_calls.touch(self._handle, ttl))

    async def fork(
        self,
        new_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        at_revision: int | None = None,
    ) -> "AsyncSession":
        """Copies the session as it is at this moment, and returns the copy; see `Session.fork`."""
        steps = session_calls.fork(self._handle.link, self.id, new_id, ttl, labels, at_revision)
        return AsyncSession(await self._run(steps))

    async def destroy(self) -> bool:
        """Deletes the session with all of its variables; says whether there was one."""
        return await self._run(session_calls.delete_session(self._handle.link, self._handle.session_id))

    async def __aiter__(self) -> AsyncIterator[str]:
        """The names of one snapshot, in byte order."""
        for name in await self._run(calls.list_names(self._handle)):
            yield name

    async def keys(self) -> list[str]:
        """The names of one snapshot, in byte order."""
        return await self._run(calls.list_names(self._handle))

    async def values(self) -> list[Any]:
        """The values of one snapshot, in byte order of their names."""
        return [*(await self.to_dict()).values()]

    async def items(self) -> list[tuple[str, Any]]:
        """The names and values of one snapshot, in byte order of the names."""
        return [*(await self.to_dict()).items()]

    async def get(self, name: str, default: Any = None, /) -> Any:  # noqa: ANN401
        """The value of a variable, or the default when there is none."""
        return await self.get_variable(name, default)

    async def pop(self, name: str, *default: Any) -> Any:  # noqa: ANN401
        """Deletes a variable and returns its value in one step; without one, the default or VariableNotFoundError."""
        return await self._run(calls.pop(self._handle, name, default))

    async def popitem(self) -> tuple[str, Any]:
        """Deletes the last variable in byte order and returns it, in one step; VariableNotFoundError without any."""
        return await self._run(calls.pop_item(self._handle))

    async def setdefault(self, name: str, default: Any = None, /) -> Any:  # noqa: ANN401
        """The value of a variable, which becomes the default if there is none, in one step."""
        return await self._run(calls.set_default(self._handle, name, default))

    async def update(self, other: Any = (), /, **names: Any) -> None:  # noqa: ANN401
        """Writes many variables, all or none, in one round trip."""
        values = dict(other, **names)
        if values:
            await self.set_variables(values)

    async def clear(self, prefix: str = "") -> None:
        """Deletes every variable whose name begins with the prefix, in one commit."""
        await self._run(calls.clear(self._handle, prefix))

    def __eq__(self, other: object) -> bool:
        """Whether both mean the same session of the same server. Asks no server."""
        if not isinstance(other, AsyncSession):
            return NotImplemented
        return self._handle.identity() == other._handle.identity()

    def __hash__(self) -> int:
        """By server and id."""
        return hash(self._handle.identity())

    def __repr__(self) -> str:
        """The id and the server; never values."""
        return f"AsyncSession({self.id!r}, address={self._transport.address!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuses pickling and copying."""
        raise TypeError(
            "an AsyncSession cannot be pickled or copied; send session.id and call get_session with it there"
        )

    @property
    def _transport(self) -> AsyncTransport:
        return self._handle.link.transport

    async def _run(self, steps: Steps[R]) -> R:
        return await run_async(steps, self._handle.link.transport)
