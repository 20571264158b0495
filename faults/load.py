"""Mixed load with a model beside it: what each line of variables is, was, and may have become."""

import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, get_args

import wire
from wire import Client, Refused, Stored

from session_bridge.v1 import variables_pb2

SHARED = "shared"
TOTAL = "total"
SHORT_TTL_MS = 1
LONG_TTL_MS = 3_600_000
LARGE_BYTES = 20_000

Kind: TypeAlias = Literal["set", "lasting", "passing", "delete", "clear", "increment", "append"]
"""`lasting` and `passing` are sets with a ttl: an hour, and too short to be read again."""

KINDS: tuple[Kind, ...] = get_args(Kind)
WEIGHTS = (40, 8, 5, 12, 5, 15, 15)


@dataclass(frozen=True)
class Op:
    """One operation; `operand` is what is set or added."""

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
        else:
            after[op.name] = Stored(_sum(before, op.operand), revision, before is not None and before.expires)
    return after


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
    return wire.set_to(op.name, op.operand, ttl_ms={"lasting": LONG_TTL_MS, "passing": SHORT_TTL_MS}.get(op.kind))


@dataclass
class Writer:
    """One client at its own sessions and at its own names of a shared one."""

    number: int
    chance: random.Random
    position: Callable[[], int] = lambda: 0
    answered: int = 0
    refused: list[Refused] = field(default_factory=list)
    # How much was added to the one variable that all change, and the journal's length then.
    added: list[tuple[int, int]] = field(default_factory=list)
    maybe_added: int = 0
    lines: list[Line] = field(default_factory=list)
    _sent: int = 0

    def __post_init__(self) -> None:
        prefix = f"w{self.number}-"
        self.lines = [Line(f"s{self.number}-{i}", prefix) for i in range(3)] + [Line(SHARED, prefix)]

    def step(self, client: Client) -> bool:
        """One request; False when nobody can tell whether it was applied."""
        line = self.chance.choice(self.lines)
        before = line.moments[-1]
        self._sent = self.position()
        luck = self.chance.random()
        if line.session != SHARED and luck < 0.04:
            return self._end(client, line)
        if luck < 0.07:
            return self._touch(client, line, before)
        independent = luck < 0.25
        ops = self._ops(line.prefix, 1 if luck > 0.6 else self.chance.randint(2, 6))
        add = self.chance.randint(1, 3) if line.session == SHARED and not independent else 0
        extra = [wire.increment(TOTAL, add)] if add else []
        try:
            answer = client.update(line.session, [*map(message, ops), *extra], independent=independent)
        except Refused as refusal:
            if self._certainly_not(refusal):
                return True
            self.maybe_added += add
            line.possible = applied(before.held, ops, [ANY_REVISION] * len(ops))
            return False
        self.added.append((add, self.position()))
        revisions = [result.revision for result in answer.results[: len(ops)]]
        self._answered(line, applied(before.held, ops, revisions), answer.session_revision, add)
        return True

    def _end(self, client: Client, line: Line) -> bool:
        try:
            client.delete_session(line.session)
        except Refused as refusal:
            if self._certainly_not(refusal):
                return True
            line.possible = {}
            return False
        self._answered(line, {}, line.moments[-1].revision)
        return True

    def _touch(self, client: Client, line: Line, before: Moment) -> bool:
        try:
            revision = client.touch(line.session, LONG_TTL_MS + self.chance.randint(1, 1000))
        except Refused as refusal:
            # Of a touch that nobody can tell of, the variables tell nothing either.
            return self._certainly_not(refusal)
        self._answered(line, before.held, revision)
        return True

    def _answered(self, line: Line, held: Held, revision: int, added: int = 0) -> None:
        self.answered += 1
        line.moments.append(Moment(held, max(revision, line.moments[-1].revision), self.position(), self._sent, added))

    def _certainly_not(self, refusal: Refused) -> bool:
        self.refused.append(refusal)
        return refusal.outcome == "not_applied"

    def _ops(self, prefix: str, count: int) -> list[Op]:
        """Operations on different names."""
        kinds = self.chance.choices(KINDS, WEIGHTS, k=count)
        return [self._op(kind, prefix, number) for kind, number in zip(kinds, self.chance.sample(range(6), count), strict=True)]

    def _op(self, kind: Kind, prefix: str, number: int) -> Op:
        mark = f"{self.number}.{self.answered}.{number}."
        if kind == "increment":
            return Op(kind, f"{prefix}n{number}", self.chance.randint(1, 9))
        if kind == "append":
            return Op(kind, f"{prefix}l{number}", [mark])
        if kind == "clear":
            return Op(kind, f"{prefix}n{number}")
        value = mark * (LARGE_BYTES // len(mark) if self.chance.random() < 0.1 else 1)
        return Op(kind, f"{prefix}{'p' if kind == 'passing' else 'v'}{number}", value)


class Load:
    """Several writers at once against one server."""

    def __init__(self, writers: list[Writer]) -> None:
        self.writers = writers
        self._pool = ThreadPoolExecutor(len(writers))
        self._stopping = False
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()
        self._pool.shutdown()

    @property
    def answered(self) -> int:
        """How many requests were answered so far."""
        return sum(writer.answered for writer in self.writers)

    def start(self, address: str, most: int | None = None) -> None:
        """Every writer works until it is stopped, has had so many answers, or cannot tell what became of a request."""
        self._stopping = False
        self._running = [self._pool.submit(self._work, writer, address, most) for writer in self.writers]

    def stop(self) -> None:
        """Waits for what is under way."""
        self._stopping = True
        self.join()

    def join(self) -> None:
        """Waits for every writer to end by itself."""
        for future in self._running:
            future.result()
        self._running = []

    def _work(self, writer: Writer, address: str, most: int | None) -> None:
        enough = None if most is None else writer.answered + most
        with Client(address) as client:
            while not self._stopping and (enough is None or writer.answered < enough) and writer.step(client):
                pass

    def settle(self, client: Client) -> None:
        """Compares everything with what a server has."""
        time.sleep(2 * SHORT_TTL_MS / 1000)
        found = {session: client.read(session) for session in sorted({line.session for writer in self.writers for line in writer.lines})}
        for writer in self.writers:
            for line in writer.lines:
                revision, held = found[line.session]
                line.settle(held, revision)
        certain = sum(by for writer in self.writers for by, _ in writer.added)
        value = number(found[SHARED][1].get(TOTAL))
        most = certain + sum(writer.maybe_added for writer in self.writers)
        assert certain <= value <= most, f"{value} is not {certain} to {most}"
        self.writers[0].added.append((value - certain, 0))
        for writer in self.writers:
            writer.maybe_added = 0

    def settle_at(self, position: int, found: Mapping[str, Held]) -> None:
        """Compares the variables of every session with all that they may be when everything up to that position is there."""
        for writer in self.writers:
            for line in writer.lines:
                line.settle_at(position, without_passing(found.get(line.session, {})))
        added = [(by, at) for writer in self.writers for by, at in writer.added]
        value = number(found.get(SHARED, {}).get(TOTAL))
        certain = sum(by for by, at in added if at <= position)
        most = sum(by for by, _ in added) + sum(writer.maybe_added for writer in self.writers)
        assert certain <= value <= most, f"{value} is not {certain} to {most}"


def number(stored: Stored | None) -> int:
    """The number of a variable, 0 when it is not there."""
    value = 0 if stored is None else stored.value
    assert isinstance(value, int)
    return value


def writers(count: int, seed: int, position: Callable[[], int] = lambda: 0) -> list[Writer]:
    """Writers of one seed."""
    return [Writer(number, random.Random(seed * 1000 + number), position) for number in range(count)]


def without_passing(held: Held) -> dict[str, Stored]:
    """What a clock that has moved on leaves."""
    return {name: stored for name, stored in held.items() if "-p" not in name}
