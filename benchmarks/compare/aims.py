"""What was aimed at, as ratios within one run, and whether it was met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .entries import ENTRIES
from .rows import README_INCREMENTS
from .runner import Measured
from .stats import Spread, ratios, spread

Results = Mapping[str, Measured]


@dataclass(frozen=True)
class Judged:
    """An aim beside what was measured."""

    text: str
    bound: str
    #: None when something it needs could not be measured.
    found: Spread | None
    is_met: bool | None
    unit: str = "×"
    gap: str = ""


@dataclass(frozen=True)
class _Ratio:
    """One line of a row over another, or over the best of several; both are better when they are less, or both when they are more."""

    text: str
    row: str
    of: str
    over: Sequence[str]
    bound: float

    def judge(self, results: Results) -> Judged:
        row = results[self.row]
        less = row.row.better == "less"
        bound = f"{'≤' if less else '≥'} {self.bound:.2f}×"
        gap = next((f"{ENTRIES[name].title}: {row.gaps[name]}" for name in (self.of, *self.over) if name in row.gaps), "")
        there = [name for name in self.over if name in row.found]
        if self.of not in row.found or not there:
            return Judged(self.text, bound, None, None, gap=gap)
        best = (min if less else max)(there, key=lambda name: spread(row.values(name)).median)
        found = ratios(row.values(self.of), row.values(best))
        return Judged(self.text, bound, found, found.median <= self.bound if less else found.median >= self.bound, gap=gap)


@dataclass(frozen=True)
class _Cpu:
    """What a server used of processors for a call, over another's."""

    text: str
    row: str
    of: str
    over: str
    bound: float

    def judge(self, results: Results) -> Judged:
        row, bound = results[self.row], f"≤ {self.bound:.2f}×"
        if self.of not in row.found or self.over not in row.found:
            return Judged(self.text, bound, None, None, gap="was not measured")
        of, over = _cpu_us(row, self.of), _cpu_us(row, self.over)
        if of is None or not over:
            return Judged(self.text, bound, None, None, gap="nobody counts what a process uses of processors here")
        return Judged(self.text, bound, Spread(of / over, of / over, of / over), of / over <= self.bound)


@dataclass(frozen=True)
class _Number:
    """A line's own value."""

    text: str
    row: str
    of: str
    bound: float
    unit: str

    def judge(self, results: Results) -> Judged:
        row = results[self.row]
        less = row.row.better == "less"
        bound = f"{'≤' if less else '≥'} {self.bound:,.0f} {self.unit}"
        if self.of not in row.found:
            return Judged(self.text, bound, None, None, f" {self.unit}", row.gaps[self.of])
        found = spread(row.values(self.of))
        return Judged(self.text, bound, found, found.median <= self.bound if less else found.median >= self.bound, f" {self.unit}")


class _NoneLost:
    row = "increments"
    text = "lost updates in every mode of use that the README shows"

    def judge(self, results: Results) -> Judged:
        row = results[self.row]
        ways = [line.name for line in row.row.lines if line.what in README_INCREMENTS and line.entry in _OURS]
        lost = [value for way in ways for value in row.values(way)]
        if not lost:
            return Judged(self.text, "0", None, None, "", "was not measured")
        missing = [way for way in ways if way in row.gaps]
        gap = f"not measured: {', '.join(missing)}" if missing else ""
        return Judged(self.text, "0", Spread(sum(lost), min(lost), max(lost)), sum(lost) == 0, "", gap)


_OURS = ("direct", "grpc")
_DURABLE = ("redis-always", "postgres-durable")

_AIMS = (
    _Ratio("direct get against redis-py HGET + json", "get-100-b", "direct", ["redis"], 0.85),
    _Ratio("direct set against redis-py HSET + json", "set-100-b", "direct", ["redis"], 0.85),
    _Ratio("direct get against a raw TCP echo", "get-100-b", "direct", ["tcp-echo"], 1.4),
    _Ratio("get over a Unix socket against direct TCP", "get-100-b", "unix", ["direct"], 0.8),
    _Ratio("gRPC get against a bare gRPC echo", "get-100-b", "grpc", ["grpc-echo"], 1.1),
    _Cpu("the server's processor time for it, against the echo's", "get-100-b", "grpc", "grpc-echo", 1.1),
    _Ratio("100-value read, direct, against HMGET + json", "batch-get", "direct", ["redis"], 0.5),
    _Ratio("100-value write, direct, against HSET + json", "batch-set", "direct", ["redis"], 0.5),
    _Ratio("100-value read, direct, against LangGraph's batch", "batch-get", "direct", ["langgraph"], 0.8),
    _Ratio("100-value write, direct, against LangGraph's batch", "batch-set", "direct", ["langgraph"], 0.8),
    _Ratio("64 concurrent asyncio gets, direct, against redis.asyncio", "async-64", "direct-async", ["redis-async"], 4),
    _Ratio("a `commit` set, one client, against the faster of Redis and PostgreSQL", "durable-1", "direct-commit", _DURABLE, 0.6),
    _Ratio("an `fsync` set, one client, against the faster of Redis and PostgreSQL", "durable-1", "direct-fsync", _DURABLE, 1.0),
    _Ratio("`commit` sets, 16 clients, against the faster of Redis and PostgreSQL", "durable-16", "direct-commit", _DURABLE, 3),
    _Ratio("`fsync` sets, 16 clients, against the faster of Redis and PostgreSQL", "durable-16", "direct-fsync", _DURABLE, 2),
    _Number("calls for a second of the server's processor, direct", "load", "direct-async", 60_000, "calls/s"),
    _Ratio("watch delay, direct, against NATS KV", "watch", "direct", ["nats"], 0.6),
    _Ratio("watch delay, gRPC, against the faster of NATS KV and etcd", "watch", "grpc", ["nats", "etcd"], 0.8),
    _Number("memory for a small variable", "memory-variable", "memory", 300, "bytes"),
    _Number("memory for an idle session of ten", "memory-session", "memory", 4_096, "bytes"),
    _NoneLost(),
)


def judge(rows: Sequence[Measured]) -> list[Judged]:
    """The aims that these rows are about."""
    results = {measured.row.name: measured for measured in rows}
    return [aim.judge(results) for aim in _AIMS if aim.row in results]


def _cpu_us(row: Measured, line: str) -> float | None:
    found = row.found[line]
    if not all("cpu_s" in each for each in found):
        return None
    seconds: float = sum(each["cpu_s"] for each in found)
    calls: int = sum(each["calls"] for each in found)
    return seconds / calls * 1e6
