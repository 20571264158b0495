"""A transaction as its block or function sees it, carried out in the thread that calls."""

import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from typing_extensions import TypeForm

from . import _changes as changes
from ._arguments import OMITTED, IfRevision
from ._errors import InvalidArgumentError
from ._link import Handle
from ._models import Ttl
from ._steps import Steps, run
from ._transact import Tries
from ._transaction_state import TransactionState
from ._transport import Transport

T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R")


class Transaction:
    """Reads and writes of one session that take effect together or not at all; had from `Session.transaction`.

    All reads see one state and this transaction's own writes. Writes are collected: they return nothing, and are judged
    by the server when the block or function ends. What is read by name can be checked then; what names there are
    cannot, so that there is no reading by prefix. It is for one thread, and over when its block or function is.

    Reads raise RevisionMismatchError as soon as somebody has written what they would have to see; nothing is
    written then.
    """

    __slots__ = ("_state",)

    def __init__(self, state: TransactionState[Transport]) -> None:
        """Made by `Session.transaction` and `Session.transact`."""
        self._state = state

    @overload
    def get_variable(self, name: str) -> Any: ...  # noqa: ANN401
    @overload
    def get_variable(self, name: str, default: object) -> Any: ...  # noqa: ANN401
    @overload
    def get_variable(self, name: str, *, type: TypeForm[T]) -> T | None: ...
    @overload
    def get_variable(self, name: str, default: D, *, type: TypeForm[T]) -> T | D: ...
    def get_variable(self, name: str, default: object = None, *, type: Any = None) -> Any:
        """The value of a variable, or the default when there is none, as `Session.get_variable`."""
        return self._run(self._state.get_variable(name, default, type))

    def get_variables(self, *names: str | Iterable[str]) -> dict[str, Any]:
        """Many values in one round trip, in byte order of their names; the missing ones are left out.

        Where others write a lot, one such read at the beginning meets fewer conflicts than one read after another: that
        a variable is missing can be told of one revision only when nothing at all was written in between.

        Args:
            *names: Names, or one iterable of names.

        Raises:
            InvalidArgumentError: No names at all: read the whole session before the transaction.
        """
        return self._run(self._state.get_variables(names))

    def has_variable(self, name: str) -> bool:
        """Whether there is such a variable; a stored None counts."""
        return self._run(self._state.has_variable(name))

    def set_variable(
        self, name: str, value: object, *, ttl: Ttl = None, if_revision: IfRevision = OMITTED, encoding: str = ""
    ) -> None:
        """Will write a variable, as `Session.set_variable`; the value is taken as it is now."""
        self._state.write(changes.set_to(self._state.handle, name, value, ttl, if_revision, encoding))

    def set_variables(self, values: Mapping[str, Any]) -> None:
        """Will write all of the values."""
        self._state.write(*changes.all_set_to(self._state.handle, values))

    def delete_variable(self, name: str, *, if_revision: IfRevision = OMITTED) -> None:
        """Will delete a variable if there is one."""
        self._state.write(changes.deletion(name, if_revision))

    def increment(self, name: str, by: float = 1, *, if_revision: IfRevision = OMITTED) -> None:
        """Will add to a number, as `Session.increment`. Unread, it collides with nobody."""
        self._state.write(changes.incremented(self._state.handle, name, by, if_revision))

    def append(
        self,
        name: str,
        value: list[Any] | str | bytes | bytearray | memoryview,
        *,
        keep_last: int | None = None,
        if_revision: IfRevision = OMITTED,
    ) -> None:
        """Will lengthen a list, str or bytes, as `Session.append`. Unread, it collides with nobody."""
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
        """Will write names into a map and remove others, as `Session.merge`. Unread, it collides with nobody."""
        self._state.write(changes.merged(self._state.handle, name, values, path, remove, if_revision))

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """The value of a variable; VariableNotFoundError, which is a KeyError, when there is none."""
        return self._run(self._state.get_item(name))

    def __setitem__(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Will write a variable."""
        self.set_variable(name, value)

    def __delitem__(self, name: str) -> None:
        """Will delete a variable; VariableNotFoundError when there is none."""
        self._run(self._state.delete_item(name))

    def __contains__(self, name: object) -> bool:
        """Whether there is such a variable; what is not a str is never one."""
        return isinstance(name, str) and self.has_variable(name)

    def __repr__(self) -> str:
        """The session's id; never values."""
        return f"Transaction(session_id={self._state.handle.session_id!r})"

    def _run(self, steps: Steps[R]) -> R:
        return run(steps, self._state.handle.link.transport)


def transact(handle: Handle[Transport], fn: Callable[[Transaction], R], attempts: int | None) -> R:
    """Runs `fn` in transactions until one meets nobody else; gives what it returned then."""
    tries = Tries(handle, attempts)
    while True:
        with tries.attempt() as state:
            result = fn(Transaction(state))
            if inspect.iscoroutine(result):
                result.close()
                raise InvalidArgumentError("transact takes a plain function, not a coroutine function")
            run(state.commit(), handle.link.transport)
            return result
        for pause in tries.pauses():
            time.sleep(pause.seconds)
