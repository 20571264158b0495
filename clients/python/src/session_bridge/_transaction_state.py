"""What a transaction has read and is going to write, as steps; whoever carries them out does the waiting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Generic

from . import _arguments as check
from . import _own_writes as own_writes
from . import _update_wire as updates
from . import _wire as wire
from ._errors import BridgeError, InvalidArgumentError, RevisionMismatchError, VariableNotFoundError
from ._link import Handle, S, all_readable, decoded, pages
from ._steps import Steps
from ._values import slice_packed


@dataclass(frozen=True, slots=True)
class _Read:
    """A variable as it was when it was first read: its revision is 0 when there was none."""

    encoded: wire.Encoded | None
    revision: int


class TransactionState(Generic[S]):
    """Reads see one revision and the transaction's own writes; what was read is judged with the writes at the end.

    The first read says which revision that is. What has been written since is not what was there then, so that reading
    it is the conflict, which ends the transaction.
    """

    def __init__(self, handle: Handle[S], *, check_reads: bool = True, deadline: float | None = None) -> None:
        """Begins at the revision of the first read; without a deadline each step has the handle's timeout."""
        self.handle = handle
        self.conflict: RevisionMismatchError | None = None
        self._check_reads = check_reads
        self._deadline = deadline
        self._revision: int | None = None
        self._reads: dict[str, _Read] = {}
        self._writes: dict[str, list[updates.Operation]] = {}
        self._open = True

    def get_variable(self, name: str, default: object, kind: object) -> Steps[Any]:
        """The value of a variable, converted to `kind` unless that is None, or the default."""
        found = yield from self._found(name)
        return default if found is None else decoded(self.handle, name, found, kind)

    def get_item(self, name: str) -> Steps[Any]:
        """The value of a variable; a missing one raises VariableNotFoundError."""
        found = yield from self._found(name)
        if found is None:
            raise self._not_found(name)
        return decoded(self.handle, name, found)

    def has_variable(self, name: str) -> Steps[bool]:
        """Whether there is such a variable; a stored None counts."""
        return (yield from self._found(name)) is not None

    def get_variables(self, names: tuple[object, ...]) -> Steps[dict[str, Any]]:
        """The values that there are, in byte order of their names. If some do not decode, the error has the others."""
        if not names:
            raise InvalidArgumentError("a transaction reads variables by their names; get_variables needs some")
        wanted = check.check_wanted(names)
        yield from self._read_all(wanted)
        values: dict[str, Any] = {}
        errors: dict[str, BridgeError] = {}
        for name in sorted(wanted):
            found = yield from self._found(name)
            try:
                if found is not None:
                    values[name] = decoded(self.handle, name, found)
            except BridgeError as error:
                errors[name] = error
        return all_readable(values, errors)

    def delete_item(self, name: str) -> Steps[None]:
        """Deletes a variable; a missing one raises VariableNotFoundError."""
        if not (yield from self.has_variable(name)):
            raise self._not_found(name)
        self.write(updates.Operation(name, updates.Delete()))

    def write(self, *operations: updates.Operation) -> None:
        """Adds changes, each of which takes the place of a value that it makes pointless."""
        self.check_open()
        for operation in operations:
            self._write(operation)

    def _write(self, operation: updates.Operation) -> None:
        own, change = self._writes.setdefault(operation.name, []), operation.change
        replaces = isinstance(change, updates.Delete) or (isinstance(change, updates.Set) and change.ttl != "keep")
        if replaces and own and isinstance(own[-1].change, updates.Set) and own[-1].if_revision is None:
            own.pop()
        own.append(operation)

    def commit(self) -> Steps[None]:
        """Writes everything, if what was read is still there. Nothing to write asks nobody: the reads saw one state.

        Raises:
            RevisionMismatchError: Something is not; the same if a read has told it before.
        """
        self.check_open()
        self._open = False
        if self.conflict is not None:
            raise self.conflict
        if not self._writes:
            return
        update = updates.UpdateVariables(
            self.handle.session_id,
            operations=self._operations(),
            must_exist=self.handle.must_exist,
            defaults=self.handle.defaults,
        )
        try:
            yield from self.handle.link.ask(update, self._deadline)
        except RevisionMismatchError as error:
            self.conflict = error
            raise

    def close(self) -> None:
        """Nothing is read or written any more."""
        self._open = False

    def check_open(self) -> None:
        """Raises InvalidArgumentError when the transaction is over."""
        if not self._open:
            raise InvalidArgumentError("the transaction is over: use it inside its block or function only")

    def _operations(self) -> list[updates.Operation]:
        """The writes, each name's first one with what was read of it, and bare preconditions for what was only read."""
        conditions = {name: read.revision for name, read in self._reads.items()} if self._check_reads else {}
        writes: list[updates.Operation] = []
        for write in chain.from_iterable(self._writes.values()):
            if write.if_revision is None and write.name in conditions:
                writes.append(replace(write, if_revision=conditions.pop(write.name)))
            else:
                writes.append(write)
        return [updates.Operation(name, None, revision) for name, revision in conditions.items()] + writes

    def _found(self, name: str) -> Steps[wire.Encoded | None]:
        """The variable as this transaction sees it."""
        self.check_open()
        check.check_name(name)
        changes = [write.change for write in self._writes.get(name, ()) if write.change is not None]
        if changes and isinstance(changes[0], updates.Set | updates.Delete):
            return own_writes.after(name, None, changes)
        read = self._reads.get(name)
        if read is None:
            request = wire.GetVariable(self.handle.session_id, name, include_info=True)
            answer = yield from self.handle.link.ask(request, self._deadline)
            revision = 0 if answer.info is None else answer.info.revision
            read = self._seen(name, answer.encoded, revision, answer.session_revision)
        return own_writes.after(name, read.encoded, changes)

    def _read_all(self, names: Sequence[str]) -> Steps[None]:
        """Reads in one round trip what is neither read nor written yet."""
        self.check_open()
        unread = [name for name in names if name not in self._reads and name not in self._writes]
        if not unread:
            return
        session_id = self.handle.session_id
        answers = yield from pages(
            self.handle.link,
            lambda token: wire.GetVariables(session_id, unread, page_token=token, include_info=True),
            self._deadline,
        )
        found: dict[str, tuple[wire.Encoded, int]] = {}
        for answer in answers:
            values = {name: wire.Encoded(data) for name, data in slice_packed(answer.values).items()}
            values |= {variable.info.name: variable.encoded for variable in answer.custom}
            found |= {info.name: (values[info.name], info.revision) for info in answer.infos}
        for name in unread:
            encoded, revision = found.get(name, (None, 0))
            self._seen(name, encoded, revision, answers[0].session_revision)

    def _seen(self, name: str, encoded: wire.Encoded | None, revision: int, session_revision: int) -> _Read:
        """Takes in what was read, unless it is not what was there at the revision that all reads see."""
        if self._revision is None:
            self._revision = session_revision
        if revision > self._revision or (encoded is None and session_revision != self._revision):
            self.conflict = RevisionMismatchError(
                f"{name!r} is newer than what the transaction has read before", name=name, current_revision=revision
            )
            raise self.conflict
        read = self._reads[name] = _Read(encoded, revision)
        return read

    def _not_found(self, name: str) -> VariableNotFoundError:
        return VariableNotFoundError(f"session {self.handle.session_id!r} has no variable {name!r}", name=name)
