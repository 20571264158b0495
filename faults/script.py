"""One fixed script of operations, each of which may fail, with a model of what it leaves."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from model import ANY_REVISION, LARGE_BYTES, LONG_TTL_MS, SHORT_TTL_MS, Held, Line, Moment, Op, applied, copied, message, same
from wire import Client, Refused

PATIENCE_SECONDS: Final = 20
T = TypeVar("T")


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Waits until it holds.

    Raises:
        AssertionError: It does not for a long time.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


class Script:
    """Runs it once, on sessions of its own; after whatever fails it ends the fault, and finds out what became of it.

    Args:
        client: Asks the server.
        name: What the names of its sessions begin with.
        end_fault: Makes the storage work again.
    """

    def __init__(self, client: Client, name: str, end_fault: Callable[[], None]) -> None:
        self._client = client
        self._end_fault = end_fault
        self.lines = {part: Line(f"{name}-{part}", "") for part in "ab"}
        self.changes_refused: list[Refused] = []
        self.reads_refused: list[Refused] = []

    def run(self) -> None:
        """All of it.

        Raises:
            AssertionError: Something is there by half, or not what was answered.
        """
        self._change("a", Op("set", "large", "x" * LARGE_BYTES), Op("set", "small", 1))
        self._change("b", Op("set", "only", [1]))
        self._read("a")
        self._change("a", Op("increment", "n", 5), Op("append", "l", ["one"]), Op("delete", "small"))
        self._change("a", Op("increment", "n", 2), Op("checkpoint", "here"))
        self._read_one("a", "large")
        self._change("a", Op("lasting", "deadline", 2), Op("passing", "passing", 3))
        time.sleep(2 * SHORT_TTL_MS / 1000)
        self._read("a")
        self._read_one("a", "passing")
        self._touch("a")
        self._change("a", Op("delete", "missing"))
        self._change("a", Op("set", "large", "y" * LARGE_BYTES))
        self._roll_back("a", "here")
        self._list()
        self._delete("b")
        self._read("b")
        self._list()
        self._fork("a", "b")
        self._change("b", Op("set", "again", None))
        self._read("b")

    def settle(self) -> None:
        """Compares everything with what the server has."""
        for line in self.lines.values():
            revision, found = self._client.read(line.session)
            line.settle(found, revision)

    def held(self) -> dict[str, Held]:
        """What there should be in each session."""
        return {line.session: line.moments[-1].held for line in self.lines.values()}

    def remove(self, client: Client) -> None:
        """Leaves nothing; the server may have another address by now."""
        for line in self.lines.values():
            client.delete_session(line.session)

    def _change(self, part: str, *ops: Op) -> None:
        line = self.lines[part]
        before = line.moments[-1].held
        answer = self._changed(line, lambda: applied(before, [*ops], [ANY_REVISION] * len(ops)), lambda: self._update(line, ops))
        if answer is not None:
            revisions, revision = answer
            after = applied(before, [*ops], revisions)
            line.named.update({op.name: after for op in ops if op.kind == "checkpoint"})
            line.moments.append(Moment(after, revision, 0))

    def _update(self, line: Line, ops: tuple[Op, ...]) -> tuple[list[int], int]:
        answer = self._client.update(line.session, [message(op) for op in ops])
        # A rollback has no name whose revision could be told.
        return [result.revision or answer.session_revision for result in answer.results], answer.session_revision

    def _roll_back(self, part: str, label: str) -> None:
        """To a state that certainly has a name."""
        named = self.lines[part].named
        if label in named:
            self._change(part, Op("rollback", label, named[label]))

    def _fork(self, part: str, copy: str) -> None:
        """Where no session is in the way."""
        source, line = self.lines[part], self.lines[copy]
        if line.moments[-1].held:
            return
        held = source.moments[-1].held
        revision = self._changed(line, lambda: copied(held, ANY_REVISION), lambda: self._client.fork(source.session, line.session))
        if revision is not None:
            line.moments.append(Moment(copied(held, revision), revision, 0))

    def _touch(self, part: str) -> None:
        line = self.lines[part]
        held = line.moments[-1].held
        revision = self._changed(line, lambda: held, lambda: self._client.touch(line.session, LONG_TTL_MS))
        if revision is not None:
            line.moments.append(Moment(held, revision, 0))

    def _delete(self, part: str) -> None:
        line = self.lines[part]
        there = self._changed(line, dict, lambda: self._client.delete_session(line.session))
        if there is not None:
            assert there == (line.moments[-1].revision > 0), line.session
            line.moments.append(Moment({}, line.moments[-1].revision, 0))

    def _changed(self, line: Line, possible: Callable[[], Held], change: Callable[[], T]) -> T | None:
        """The answer; or what there is after a refusal is found out, and goes on from there."""
        try:
            return change()
        except Refused as refused:
            self.changes_refused.append(refused)
            if refused.outcome != "not_applied":
                line.possible = possible()
        self._end_fault()
        revision, found = self._readable(lambda: self._client.read(line.session))
        line.settle(found, revision)
        return None

    def _read(self, part: str) -> None:
        line = self.lines[part]
        revision, found = self._readable(lambda: self._client.read(line.session))
        last = line.moments[-1]
        assert same(found, last.held, last.revision), f"{line.session}: {found} is not {last.held}"
        assert not found or revision >= last.revision

    def _read_one(self, part: str, name: str) -> None:
        line = self.lines[part]
        found = self._readable(lambda: self._client.get(line.session, name))
        assert found == line.moments[-1].held.get(name), f"{line.session} {name}"

    def _list(self) -> None:
        alive = {line.session for line in self.lines.values() if line.moments[-1].held}
        found = self._readable(self._client.sessions)
        assert alive == {id for id in found if id in {line.session for line in self.lines.values()}}

    def _readable(self, read: Callable[[], T]) -> T:
        """What is read; when that is refused, what is read soon after the fault has ended, without any change in between."""
        found: list[T] = []

        def works() -> bool:
            try:
                found.append(read())
            except Refused as refused:
                self._end_fault()
                self.reads_refused.append(refused)
            return bool(found)

        eventually(works, "reading does not work again")
        return found[0]
