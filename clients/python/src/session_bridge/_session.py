"""A session: its variables as a mapping, and what a mapping cannot say as methods."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal, NoReturn, TypeVar, overload

from typing_extensions import TypeForm

from . import _calls as calls
from . import _session_calls as session_calls
from ._arguments import OMITTED, IfRevision, Omitted
from ._compare_and_set import update_variable
from ._edit import edit, write_back
from ._link import Handle
from ._models import Change, Entry, SessionInfo, SessionTtl, Ttl, VariableInfo
from ._session_past import SessionPast
from ._steps import Steps, run
from ._told import changes, states
from ._transaction import Transaction, transact
from ._transaction_state import TransactionState
from ._transport import Transport
from ._views import SessionItems, SessionKeys, SessionValues
from ._watch import Watch
from ._watching import watched, watched_until

T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R")


class Session(SessionPast, MutableMapping[str, Any]):
    """The variables of one session, wherever it is stored.

    A handle: making one asks no server, and any number of threads may share it. A value read is a copy: changing it
    saves nothing. Two handles are equal when they mean the same session of the same server.

    Every call raises ServerUnavailableError or DeadlineExceededError when the server cannot be reached in time,
    InvalidArgumentError for an id or name that cannot be one, and BridgeClosedError after its bridge was closed.
    """

    __slots__ = ("__weakref__", "_handle")

    def __init__(self, handle: Handle[Transport]) -> None:
        """Made by `Bridge.get_session` and `Bridge.create_session`."""
        self._handle = handle

    @property
    def id(self) -> str:
        """The session's id; send this to another process, which makes a handle of its own."""
        return self._handle.session_id

    def with_options(self, *, timeout: float | None = None, retry: bool | None = None) -> "Session":
        """The same session with another timeout (seconds for each call, retries included) or retry rule."""
        return Session(self._handle.with_options(timeout, retry))

    @overload
    def get_variable(self, name: str) -> Any: ...  # noqa: ANN401
    @overload
    def get_variable(self, name: str, default: object) -> Any: ...  # noqa: ANN401
    @overload
    def get_variable(self, name: str, *, type: TypeForm[T]) -> T | None: ...
    @overload
    def get_variable(self, name: str, default: D, *, type: TypeForm[T]) -> T | D: ...
    def get_variable(self, name: str, default: object = None, *, type: Any = None) -> Any:
        """The value of a variable, or the default when there is none (a stored None is a value).

        With `type` the value is read as that: a dataclass, TypedDict, NamedTuple, Enum, pydantic model, a union or a
        container of them.

        Raises:
            TypeMismatchError: The stored value does not fit the type; `path` says where.
            DataLossError: The stored bytes do not decode.
        """
        return self._run(calls.get_variable(self._handle, name, default, type))

    @overload
    def get_entry(self, name: str) -> Entry[Any] | None: ...
    @overload
    def get_entry(self, name: str, *, type: TypeForm[T]) -> Entry[T] | None: ...
    def get_entry(self, name: str, *, type: Any = None) -> Entry[Any] | None:
        """A variable with its value, revision and times; None when there is none."""
        return self._run(calls.get_entry(self._handle, name, type))

    def has_variable(self, name: str) -> bool:
        """Whether there is such a variable; a stored None counts."""
        return self._run(calls.has_variable(self._handle, name))

    def set_variable(
        self, name: str, value: object, *, ttl: Ttl = None, if_revision: IfRevision = OMITTED, encoding: str = ""
    ) -> int:
        """Writes a variable, and creates the session if need be.

        Args:
            name: 1 to 256 bytes.
            value: Anything of the table in docs/values.md, dataclasses, pydantic models, and what `codecs` adds.
            ttl: Seconds until it expires; "keep" leaves the deadline that it has, left out clears it.
            if_revision: Writes only if the variable still has this revision; 0 means that it must not exist.
            encoding: The name of a custom encoding of the bridge's codecs; empty is the one that every language reads.

        Returns:
            The variable's new revision.

        Raises:
            SerializationError: The value cannot be stored; `path` says where inside it.
            RevisionMismatchError: Somebody wrote in between; `current_revision` says what it is now.
            LimitExceededError: The value, the session or the number of variables would be too large; nothing changes.
        """
        return self._run(calls.set_variable(self._handle, name, value, ttl, if_revision, encoding))

    def expire_variable(self, name: str, ttl: float | timedelta | Literal["never"]) -> int:
        """Changes a variable's deadline alone: its value stays. Returns its new revision, 0 when there is none.

        Args:
            name: The variable.
            ttl: Seconds from now until it expires, or "never".
        """
        return self._run(calls.expire_variable(self._handle, name, ttl))

    def delete_variable(self, name: str, *, if_revision: IfRevision = OMITTED) -> bool:
        """Deletes a variable; says whether there was one."""
        return self._run(calls.delete_variable(self._handle, name, if_revision))

    @overload
    def update_variable(
        self,
        name: str,
        fn: Callable[[Any], R],
        default: object = None,
        *,
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    def update_variable(
        self,
        name: str,
        fn: Callable[[T | None], R],
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    @overload
    def update_variable(
        self,
        name: str,
        fn: Callable[[T | D], R],
        default: D,
        *,
        type: TypeForm[T],
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> R: ...
    def update_variable(
        self,
        name: str,
        fn: Callable[[Any], Any],
        default: object = None,
        *,
        type: Any = None,
        attempts: int | None = None,
        allow_none: bool = False,
    ) -> Any:
        """Writes what `fn` makes of the present value, or of a copy of the default, and returns it.

        Keeps the variable's deadline. When somebody else wrote in between, `fn` is called again with the newer value,
        until the timeout or for so many attempts.

        Raises:
            InvalidArgumentError: `fn` returned None for a value that was not None, and `allow_none` is False.
            RevisionMismatchError: The attempts are used up.
            DeadlineExceededError: The timeout is.
        """
        return self._run(update_variable(self._handle, name, fn, default, attempts, allow_none, type))

    @contextmanager
    def edit(self, name: str, default: object = OMITTED) -> Generator[Any]:
        """A value to change in place: `with session.edit("config") as config: config["top_p"] = 0.9`.

        At the end of the block the value is written if it has changed and nobody else wrote in between; what is equal
        keeps its bytes, and the variable its deadline. An exception inside of the block writes nothing. Once is enough
        where nobody else writes; `update_variable` and `transact` try again.

        Args:
            name: The variable, a map, list or set.
            default: What a missing variable is taken for; it is written only if it changes.

        Raises:
            VariableNotFoundError: There is no such variable, and no default.
            TypeMismatchError: The value cannot be changed in place, such as a number or str.
            RevisionMismatchError: Somebody wrote in between; nothing is written.
        """
        edited = self._run(edit(self._handle, name, default))
        yield edited.value
        self._run(write_back(self._handle, edited))

    @contextmanager
    def transaction(self, *, check_reads: bool = True) -> Generator[Transaction]:
        """Reads and writes that take effect together: `with session.transaction() as t: t["a"] = t["b"] + 1`.

        The writes are collected and sent at the end of the block as one commit, which fails if somebody else has
        written what was read. An exception inside of the block writes nothing.

        Args:
            check_reads: When False, the writes do not depend on what was read.

        Raises:
            RevisionMismatchError: Somebody wrote what was read: `name`, which is at `current_revision` now. Nothing is
                written. `transact` tries again.
        """
        state = TransactionState(self._handle, check_reads=check_reads)
        try:
            yield Transaction(state)
            self._run(state.commit())
        finally:
            state.close()

    def transact(self, fn: Callable[[Transaction], R], *, attempts: int | None = None) -> R:
        """Calls `fn(t)` with a transaction, commits that, and returns what `fn` returned.

        When somebody else wrote what was read, `fn` is called again with another transaction, after a pause that
        grows, until the timeout (see `with_options`) or for so many attempts. So it should do nothing but read and
        write `t`.

        Raises:
            RevisionMismatchError: The attempts are used up.
            DeadlineExceededError: The timeout is.
        """
        return transact(self._handle, fn, attempts)

    def increment(self, name: str, by: float = 1, *, if_revision: IfRevision = OMITTED) -> int | float:
        """Adds to a number in one step, a missing variable being 0; returns the new number.

        Raises:
            TypeMismatchError: The variable is not an int or float.
            IntegerOverflowError: The result would leave the 64-bit range.
        """
        return self._run(calls.increment(self._handle, name, by, if_revision))

    def append(
        self,
        name: str,
        value: list[Any] | str | bytes | bytearray | memoryview,
        *,
        keep_last: int | None = None,
        if_revision: IfRevision = OMITTED,
    ) -> int:
        """Lengthens a list by a list, a str by a str or bytes by bytes; returns the new length.

        To add one item: `append(name, [item])`.

        Args:
            name: The variable; a missing one becomes `value`.
            value: What to add at the end.
            keep_last: Keeps only so many items, characters or bytes from the end.
            if_revision: As for `set_variable`.

        Raises:
            TypeMismatchError: The variable is of another type.
        """
        return self._run(calls.append(self._handle, name, value, keep_last, if_revision))

    def merge(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        path: Iterable[str] = (),
        remove: Iterable[str] = (),
        if_revision: IfRevision = OMITTED,
    ) -> int:
        """Writes names into a map, at a path inside the value, and removes others; returns the new revision.

        Missing maps on the way are created; what is not named stays as it is.

        Raises:
            TypeMismatchError: The value, or what is at the path, is not a map.
        """
        return self._run(calls.merge(self._handle, name, values, path, remove, if_revision))

    def get_variables(self, *names: str | Iterable[str], prefix: str | None = None) -> dict[str, Any]:
        """Many values of one consistent snapshot, in byte order of their names.

        Args:
            *names: Names, or one iterable of names; the missing ones are left out. None at all gives every variable.
            prefix: Instead of names: all that begin with this.

        Raises:
            DataLossError: A value does not decode; `name` says which, and `readable` has the others.
        """
        return self._run(calls.get_variables(self._handle, names, prefix))

    def set_variables(self, values: Mapping[str, Any]) -> int:
        """Writes all of the values or none of them, in one commit; returns the session's revision."""
        return self._run(calls.set_variables(self._handle, values))

    def list_variables(self, prefix: str = "") -> list[VariableInfo]:
        """What is known of the variables whose names begin with the prefix, in byte order of the names."""
        return self._run(calls.list_variables(self._handle, prefix))

    def to_dict(self, prefix: str = "") -> dict[str, Any]:
        """The variables of one consistent snapshot, in byte order of their names."""
        return self._run(calls.get_variables(self._handle, (), prefix))

    def watch(
        self, prefix: str = "", since: int | None = None, *, names: Iterable[str] | None = None, values: bool = True
    ) -> Watch[Change]:
        """Tells what is there, then `caught_up`, then every change: whole commits, each once and in order.

        `for change in session.watch(): …` goes on for ever, over lost connections and restarted servers. When it cannot
        go on without a gap it tells `resync`, and then everything anew. A session need not exist to be watched, and an
        open watch keeps it alive. The timeout is not for watches.

        Args:
            prefix: Only names that begin with this.
            since: Goes on after this revision, of a change that was told with `last`, instead of telling what is there.
            names: Instead of a prefix: only these.
            values: When False, no values are sent.

        Raises:
            InvalidArgumentError: A name, the prefix or `since` cannot be one, or there are names and a prefix.
        """
        return Watch(
            watched(self._handle, prefix, since, names, values), self._transport, changes(self._handle, values)
        )

    def snapshots(self, prefix: str = "") -> Watch[dict[str, Any]]:
        """The variables as `to_dict` gives them, once they are known and after every commit, as `watch` goes on.

        Each dict and its values are the reader's own. A value that does not decode raises DataLossError, whose
        `readable` has the others; the next step goes on.

        Args:
            prefix: Only names that begin with this.
        """
        return Watch(watched(self._handle, prefix), self._transport, states(self._handle))

    def wait_for(
        self,
        name: str,
        predicate: Callable[[Any], object],
        timeout: float | None = None,
        *,
        default: object = None,
    ) -> Any:  # noqa: ANN401
        """Waits until `predicate(value)` is true of a variable's value, and returns that value.

        Args:
            name: The variable.
            predicate: Is given each value that the variable has, first the present one.
            timeout: Seconds; left out, the session's.
            default: Stands for the value while there is none.

        Raises:
            DeadlineExceededError: It was not true in time.
        """
        until = watched_until(self._handle, name, timeout)
        with Watch(until, self._transport, states(self._handle)) as there:
            return next(value for state in there if predicate(value := state.get(name, default)))

    def info(self) -> SessionInfo:
        """What is known of the session; looking does not extend its life.

        Raises:
            SessionNotFoundError: There is none.
        """
        return self._run(session_calls.info(self._handle))

    def touch(self, ttl: SessionTtl = None) -> SessionInfo:
        """Extends the session's life by its ttl, or gives it another one.

        Raises:
            SessionNotFoundError: There is none.
        """
        return self._run(session_calls.touch(self._handle, ttl))

    def fork(
        self,
        new_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        at_revision: int | None = None,
    ) -> "Session":
        """Copies the session as it is at this moment, and returns the copy, which from then on goes its own way.

        A copy has the variables with their deadlines, and what is declared; not the history and not the checkpoints.
        All of its revisions are new.

        Args:
            new_id: 1 to 128 bytes; left out, the server makes one.
            ttl: Seconds that the copy lives unused; left out, as the source.
            labels: The copy's labels; left out, those of the source.
            at_revision: Copies what the session was at this revision instead, as far as its history reaches.

        Raises:
            SessionNotFoundError: There is nothing to copy.
            SessionExistsError: There is a session with the new id.
            CompactedError: What the session was at that revision is not kept.
        """
        steps = session_calls.fork(self._handle.link, self.id, new_id, ttl, labels, at_revision)
        return Session(self._run(steps))

    def destroy(self) -> bool:
        """Deletes the session with all of its variables; says whether there was one."""
        return self._run(session_calls.delete_session(self._handle.link, self._handle.session_id))

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """The value of a variable; VariableNotFoundError, which is a KeyError, when there is none."""
        return self._run(calls.get_item(self._handle, name))

    def __setitem__(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Writes a variable."""
        self.set_variable(name, value)

    def __delitem__(self, name: str) -> None:
        """Deletes a variable; VariableNotFoundError when there is none."""
        self._run(calls.delete_item(self._handle, name))

    def __contains__(self, name: object) -> bool:
        """Whether there is such a variable; what is not a str is never one."""
        return isinstance(name, str) and self.has_variable(name)

    def __iter__(self) -> Iterator[str]:
        """The names of one snapshot, in byte order."""
        return iter(self._run(calls.list_names(self._handle)))

    def __len__(self) -> int:
        """How many variables there are."""
        return self._run(calls.count(self._handle))

    def __bool__(self) -> bool:
        """True: a handle is there even when the session is empty. Asks no server."""
        return True

    def keys(self) -> SessionKeys:
        """The names; each walk over them is one snapshot."""
        return SessionKeys(self)

    def values(self) -> SessionValues:
        """The values; each walk over them is one snapshot."""
        return SessionValues(self)

    def items(self) -> SessionItems:
        """The names and values; each walk over them is one snapshot."""
        return SessionItems(self)

    def get(self, name: str, default: Any = None, /) -> Any:  # noqa: ANN401
        """The value of a variable, or the default when there is none."""
        return self.get_variable(name, default)

    def pop(self, name: str, *default: Any) -> Any:  # noqa: ANN401
        """Deletes a variable and returns its value in one step; without one, the default or VariableNotFoundError."""
        return self._run(calls.pop(self._handle, name, default))

    def popitem(self) -> tuple[str, Any]:
        """Deletes the last variable in byte order and returns it, in one step; VariableNotFoundError without any."""
        return self._run(calls.pop_item(self._handle))

    def setdefault(self, name: str, default: Any = None, /) -> Any:  # noqa: ANN401
        """The value of a variable, which becomes the default if there is none, in one step."""
        return self._run(calls.set_default(self._handle, name, default))

    def update(self, other: Any = (), /, **names: Any) -> None:  # noqa: ANN401
        """Writes many variables, all or none, in one round trip."""
        values = dict(other, **names)
        if values:
            self.set_variables(values)

    def clear(self, prefix: str = "") -> None:
        """Deletes every variable whose name begins with the prefix, in one commit."""
        self._run(calls.clear(self._handle, prefix))

    def __eq__(self, other: object) -> bool:
        """Whether both mean the same session of the same server. Asks no server."""
        return self._handle.identity() == other._handle.identity() if isinstance(other, Session) else NotImplemented

    def __hash__(self) -> int:
        """By server and id."""
        return hash(self._handle.identity())

    def __repr__(self) -> str:
        """The id and the server; never values."""
        return f"Session({self.id!r}, address={self._transport.address!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuses pickling and copying."""
        raise TypeError("a Session cannot be pickled or copied; send session.id and call get_session with it there")

    @property
    def _transport(self) -> Transport:
        return self._handle.link.transport

    def _run(self, steps: Steps[R]) -> R:
        return run(steps, self._transport)
