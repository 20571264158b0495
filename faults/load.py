"""Mixed load with a model beside it, over both carriers at once."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import wire
from carriers import Name, carrier_of
from model import (
    ANY_REVISION,
    HISTORY,
    LARGE_BYTES,
    LONG_TTL_MS,
    SHORT_TTL_MS,
    Held,
    Kind,
    Line,
    Moment,
    Op,
    applied,
    copied,
    message,
    number,
    without_passing,
)
from wire import Client, Refused

SHARED = "shared"
TOTAL = "total"
REMEMBERING: Final = {"SESSION_BRIDGE_HISTORY": str(HISTORY)}
"""What a server has to be told for this load."""

WEIGHTS: Final[Mapping[Kind, int]] = {"set": 40, "lasting": 8, "passing": 5, "delete": 12, "clear": 5, "increment": 15, "append": 15}
LOOKING_BACK = ("fork", "checkpoint", "rollback", "restore")
LABELS = ("one", "two")


@dataclass
class Writer:
    """One client at its own sessions and at its own names of a shared one."""

    number: int
    chance: random.Random
    position: Callable[[], int] = lambda: 0
    answered: int = 0
    refused: list[Refused] = field(default_factory=list)
    # How often it had an answer to what looks back.
    looked_back: Counter[str] = field(default_factory=Counter)
    # How much was added to the one variable that all change, and the journal's length then.
    added: list[tuple[int, int]] = field(default_factory=list)
    maybe_added: int = 0
    lines: list[Line] = field(default_factory=list)
    _sent: int = 0

    def __post_init__(self) -> None:
        prefix = f"w{self.number}-"
        self.lines = [Line(f"s{self.number}-{i}", prefix) for i in range(4)] + [Line(SHARED, prefix)]

    @property
    def own(self) -> list[Line]:
        """Those of the sessions that nobody else changes."""
        return [line for line in self.lines if line.session != SHARED]

    def step(self, client: Client) -> bool:
        """One request, for a copy two; False when nobody can tell whether it was applied."""
        line = self.chance.choice(self.lines)
        self._sent = self.position()
        if line.session != SHARED and self.chance.random() < 0.2:
            return self._look_back(client, line)
        luck = self.chance.random()
        if line.session != SHARED and luck < 0.04:
            return self._end(client, line)
        if luck < 0.07:
            return self._touch(client, line)
        ops = self._ops(line.prefix, 1 if luck > 0.6 else self.chance.randint(2, 6))
        independent = luck < 0.25
        add = self.chance.randint(1, 3) if line.session == SHARED and not independent else 0
        return self._change(client, line, ops, independent=independent, add=add)

    def settle_past(self, client: Client) -> None:
        """Compares what one of its sessions was with what a server knows of that, and goes back to each state that has a name.

        Raises:
            AssertionError: Something of it is missing or wrong.
        """
        line = self.chance.choice(self.own)
        for name in sorted({name for moment in line.since_empty() for name in moment.held}):
            line.settle_history(name, client.history(line.session, name))
        for label, held in sorted(line.named.items()):
            assert label in client.checkpoints(line.session), f"{line.session}: there is no checkpoint {label}"
            before = self.answered
            assert self._change(client, line, [Op("rollback", label, held)]), self.refused[-1]
            assert self.answered > before, self.refused[-1]
            revision, found = client.read(line.session)
            line.settle(without_passing(found), revision)

    def _change(self, client: Client, line: Line, ops: list[Op], *, independent: bool = False, add: int = 0) -> bool:
        before = line.moments[-1].held
        labels = [op.name for op in ops if op.kind == "checkpoint"]
        for label in labels:
            line.named.pop(label, None)
        extra = [wire.increment(TOTAL, add)] if add else []
        try:
            answer = client.update(line.session, [*map(message, ops), *extra], independent=independent)
        except Refused as refusal:
            if self._certainly_not(refusal):
                return True
            self.maybe_added += add
            line.possible = applied(before, ops, [ANY_REVISION] * len(ops))
            return False
        self.added.append((add, self.position()))
        # A rollback has no name whose revision could be told.
        revisions = [result.revision or answer.session_revision for result in answer.results[: len(ops)]]
        after = applied(before, ops, revisions)
        line.named.update(dict.fromkeys(labels, after))
        self.looked_back.update(op.kind for op in ops if op.kind in LOOKING_BACK)
        self._answered(line, after, answer.session_revision, add)
        return True

    def _look_back(self, client: Client, line: Line) -> bool:
        kind = self.chance.choice(LOOKING_BACK)
        # Of these the history reaches back to each.
        past = [(name, stored) for moment in line.since_empty()[-HISTORY:] for name, stored in moment.held.items()]
        if kind == "fork":
            return self._fork(client, line)
        if kind == "rollback" and line.named:
            label, held = self.chance.choice(sorted(line.named.items()))
            return self._change(client, line, [Op("rollback", label, held)])
        if kind == "restore" and past:
            name, stored = self.chance.choice(past)
            return self._change(client, line, [Op("restore", name, stored)])
        # It names the state that the whole request leads to.
        return self._change(client, line, [Op("checkpoint", self.chance.choice(LABELS)), *self._ops(line.prefix, 1)])

    def _fork(self, client: Client, line: Line) -> bool:
        """Another session becomes a copy."""
        copy = self.chance.choice([other for other in self.own if other is not line])
        before = self.answered
        if not self._end(client, copy):
            return False
        if self.answered == before:
            return True
        self._sent = self.position()
        held = line.moments[-1].held
        try:
            revision = client.fork(line.session, copy.session)
        except Refused as refusal:
            if self._certainly_not(refusal):
                return True
            copy.possible = copied(held, ANY_REVISION)
            return False
        self.looked_back["fork"] += 1
        self._answered(copy, copied(held, revision), revision)
        return True

    def _end(self, client: Client, line: Line) -> bool:
        line.named.clear()
        try:
            client.delete_session(line.session)
        except Refused as refusal:
            if self._certainly_not(refusal):
                return True
            line.possible = {}
            return False
        self._answered(line, {}, line.moments[-1].revision)
        return True

    def _touch(self, client: Client, line: Line) -> bool:
        try:
            revision = client.touch(line.session, LONG_TTL_MS + self.chance.randint(1, 1000))
        except Refused as refusal:
            # Of a touch that nobody can tell of, the variables tell nothing either.
            return self._certainly_not(refusal)
        self._answered(line, line.moments[-1].held, revision)
        return True

    def _answered(self, line: Line, held: Held, revision: int, added: int = 0) -> None:
        self.answered += 1
        line.moments.append(Moment(held, max(revision, line.moments[-1].revision), self.position(), self._sent, added))

    def _certainly_not(self, refusal: Refused) -> bool:
        assert refusal.reason not in ("COMPACTED", "CHECKPOINT_NOT_FOUND", "SESSION_EXISTS"), refusal
        self.refused.append(refusal)
        return refusal.outcome == "not_applied"

    def _ops(self, prefix: str, count: int) -> list[Op]:
        """Operations on different names."""
        kinds = self.chance.choices([*WEIGHTS], [*WEIGHTS.values()], k=count)
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
    """Several writers at once against one server; half of them use one carrier, half the other, and each another one at the next start."""

    def __init__(self, writers: list[Writer]) -> None:
        self.writers = writers
        self.answered_over: Counter[Name] = Counter()
        """How many requests were answered over each carrier, of those that are not under way any more."""
        self._pool = ThreadPoolExecutor(len(writers))
        self._stopping = False
        self._starts = 0
        self._running: list[tuple[Name, Future[int]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()
        self._pool.shutdown()

    @property
    def looked_back(self) -> Counter[str]:
        """How often what looks back was answered."""
        return sum((writer.looked_back for writer in self.writers), Counter())

    def start(self, address: str, most: int | None = None) -> None:
        """Every writer works until it is stopped, has had so many answers, or cannot tell what became of a request."""
        self._stopping = False
        carriers = [carrier_of(self._starts + number) for number in range(len(self.writers))]
        self._starts += 1
        self._running = [
            (carrier, self._pool.submit(self._work, writer, address, carrier, most))
            for writer, carrier in zip(self.writers, carriers, strict=True)
        ]

    def stop(self) -> None:
        """Waits for what is under way."""
        self._stopping = True
        self.join()

    def join(self) -> None:
        """Waits for every writer to end by itself."""
        for carrier, future in self._running:
            self.answered_over[carrier] += future.result()
        self._running = []

    def _work(self, writer: Writer, address: str, carrier: Name, most: int | None) -> int:
        before = writer.answered
        with Client(address, carrier) as client:
            while not self._stopping and (most is None or writer.answered < before + most) and writer.step(client):
                pass
        return writer.answered - before

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

    def settle_past(self, client: Client) -> None:
        """Compares what some sessions were with what a server knows of that; after `settle`."""
        for writer in self.writers:
            writer.settle_past(client)

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


def writers(count: int, seed: int, position: Callable[[], int] = lambda: 0) -> list[Writer]:
    """Writers of one seed."""
    return [Writer(number, random.Random(seed * 1000 + number), position) for number in range(count)]
