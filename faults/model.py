"""What a load knows: what each line of variables is, was, and may have become."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias, cast

import wire
from wire import Stored

from session_bridge.v1 import variables_pb2

SHORT_TTL_MS = 1
LONG_TTL_MS = 3_600_000
LARGE_BYTES = 20_000
HISTORY: Final = 4
"""How many earlier states of each variable the server keeps."""

Kind: TypeAlias = Literal["set", "lasting", "passing", "delete", "clear", "increment", "append", "restore", "checkpoint", "rollback"]
"""`lasting` and `passing` are sets with a ttl: an hour, and too short to be read again."""


@dataclass(frozen=True)
class Op:
    """One operation; `operand` is what is set or added, or what a variable or all of them were."""

    kind: Kind
    name: str
    operand: object = None


Held: TypeAlias = Mapping[str, Stored]
ANY_REVISION = 0
"""The revision of what a request that was not answered may have written."""


@dataclass(frozen=True)
class Moment:
    """What the variables were after an answer; how long the shim's journal was when it came, and when its request was sent."""

    held: Held
    revision: int
    position: int
    sent: int = 0
    # What the request added to the one variable that all change.
    added: int = 0


@dataclass
class Line:
    """The variables of one prefix of one session, which only one writer changes."""

    session: str
    prefix: str
    moments: list[Moment] = field(default_factory=lambda: [Moment({}, 0, 0)])
    possible: Held | None = None
    # The states that certainly have a name.
    named: dict[str, Held] = field(default_factory=dict)

    def own(self, found: Held) -> dict[str, Stored]:
        """Of a whole session, this line's part."""
        return {name: stored for name, stored in found.items() if name.startswith(self.prefix)}

    def settle(self, found: Held, revision: int) -> None:
        """Checks what is there against what was answered, and goes on from it.

        Raises:
            AssertionError: It is neither what was answered nor that with the whole request that was not.
        """
        last = self.moments[-1]
        allowed = [last.held] if self.possible is None else [last.held, self.possible]
        actual = self.own(found)
        assert any(same(actual, held, last.revision) for held in allowed), explain(self, actual, allowed)
        assert not actual or revision >= last.revision, f"{self.session}: revision {revision} is before {last.revision}"
        self.possible = None
        self.moments.append(Moment(actual, max(revision, last.revision), last.position))

    def since_empty(self) -> list[Moment]:
        """What the variables were since there were none, and the session may have been another one."""
        empty = max((i for i, moment in enumerate(self.moments) if not moment.held), default=0)
        return self.moments[empty:]

    def settle_history(self, name: str, found: list[Stored | None]) -> None:
        """Checks what a server says that a variable was, newest first.

        Raises:
            AssertionError: That is wrong, or something is missing.
        """
        values = [stored for stored in found if stored is not None]
        past = _past(self.moments, name)
        assert values == past[: len(values)], f"{self.session} {name}: its history is not what it was"
        certain = _past(self.since_empty(), name)
        assert len(found) == HISTORY or len(values) >= len(certain), (
            f"{self.session} {name}: there is no more of {len(certain)} than {found}"
        )

    def settle_at(self, position: int, found: Held) -> None:
        """Checks what is there against every state since that position, and what a last request that was not answered may have made.

        Raises:
            AssertionError: It is none of them.
        """
        answered = max(i for i, moment in enumerate(self.moments) if moment.position <= position)
        actual = self.own(found)
        allowed = [moment.held for moment in self.moments[answered:]]
        if self.possible is not None:
            allowed.append(self.possible)
        assert any(same(actual, held, ANY_REVISION) for held in allowed), explain(self, actual, allowed[:2])


def _past(moments: list[Moment], name: str) -> list[Stored]:
    """What a variable was before what it is at last, newest first."""
    past: list[Stored] = []
    present: Stored | None = None
    for moment in moments:
        after = moment.held.get(name)
        if present is not None and after != present:
            past.insert(0, present)
        present = after
    return past


def same(actual: Held, held: Held, after: int) -> bool:
    """Whether all values, revisions and deadlines are those; unanswered ones have one new revision or several."""
    if actual.keys() != held.keys():
        return False
    for name, stored in held.items():
        there = actual[name]
        if (there.value, there.expires) != (stored.value, stored.expires):
            return False
        if there.revision <= after if stored.revision == ANY_REVISION else there.revision != stored.revision:
            return False
    return True


def explain(line: Line, actual: Held, allowed: list[Held]) -> str:
    """Where the variables differ, without the values' text."""
    differing = {
        name: [_brief(side.get(name)) for side in (actual, *allowed)]
        for name in sorted(set(actual).union(*allowed))
        if any(actual.get(name) != held.get(name) for held in allowed)
    }
    return f"{line.session} {line.prefix}: there, then what was allowed: {differing}"


def _brief(stored: Stored | None) -> str:
    return "nothing" if stored is None else f"{str(stored.value)[:20]} at {stored.revision}"


def applied(held: Held, ops: list[Op], revisions: list[int]) -> dict[str, Stored]:
    """The variables after the operations, each at its revision."""
    after = dict(held)
    for op, revision in zip(ops, revisions, strict=True):
        before = after.get(op.name)
        if op.kind == "clear":
            after = {name: stored for name, stored in after.items() if not name.startswith(op.name)}
        elif op.kind in ("delete", "passing"):
            after.pop(op.name, None)
        elif op.kind in ("set", "lasting"):
            after[op.name] = Stored(op.operand, revision, op.kind == "lasting")
        elif op.kind == "restore":
            after[op.name] = replace(cast("Stored", op.operand), revision=revision)
        elif op.kind == "rollback":
            after = _rolled_back(after, cast("Held", op.operand), revision)
        elif op.kind != "checkpoint":
            after[op.name] = Stored(_sum(before, op.operand), revision, before is not None and before.expires)
    return after


def _rolled_back(held: Held, target: Held, revision: int) -> dict[str, Stored]:
    """What was not written since keeps its revision."""
    return {name: stored if held.get(name) == stored else replace(stored, revision=revision) for name, stored in target.items()}


def copied(held: Held, revision: int) -> dict[str, Stored]:
    """The variables of a copy, all of which have its first revision."""
    return {name: replace(stored, revision=revision) for name, stored in held.items()}


def _sum(before: Stored | None, operand: Any) -> object:
    """Of numbers or of lists."""
    start: Any = type(operand)() if before is None else before.value
    return start + operand


def message(op: Op) -> variables_pb2.Operation:
    """The operation as a request has it."""
    if op.kind == "delete":
        return wire.delete(op.name)
    if op.kind == "clear":
        return wire.clear(op.name)
    if op.kind == "increment":
        return wire.increment(op.name, op.operand)
    if op.kind == "append":
        return wire.append(op.name, op.operand)
    if op.kind == "restore":
        return wire.restore(op.name, cast("Stored", op.operand).revision)
    if op.kind == "checkpoint":
        return wire.checkpoint(op.name)
    if op.kind == "rollback":
        return wire.rollback(op.name)
    return wire.set_to(op.name, op.operand, ttl_ms={"lasting": LONG_TTL_MS, "passing": SHORT_TTL_MS}.get(op.kind))


def number(stored: Stored | None) -> int:
    """The number of a variable, 0 when it is not there."""
    value = 0 if stored is None else stored.value
    assert isinstance(value, int)
    return value


def without_passing(held: Held) -> dict[str, Stored]:
    """What a clock that has moved on leaves."""
    return {name: stored for name, stored in held.items() if "-p" not in name}
