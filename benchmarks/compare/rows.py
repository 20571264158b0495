"""What is measured: each row of the report, with who takes part and what is not comparable about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .many import idle_sessions, listing, small_variables, startup
from .measures import Measure, asked, increments, load, watch_delay


@dataclass(frozen=True)
class Line:
    """An entry in a row, and how it is measured there."""

    entry: str
    measure: Measure
    #: Comes behind the entry's title.
    what: str = ""

    @property
    def name(self) -> str:
        """Names it among the lines of its row."""
        return f"{self.entry}: {self.what}" if self.what else self.entry


@dataclass(frozen=True)
class Row:
    """A table of the report."""

    name: str
    title: str
    unit: str
    better: Literal["less", "more"]
    lines: Sequence[Line]
    #: What the others are compared with.
    baseline: str
    not_comparable: str
    #: However many repeats are asked for.
    repeats_at_most: int = 1_000_000


def _same(measure: Measure, *entries: str, what: str = "") -> list[Line]:
    return [Line(entry, measure, what) for entry in entries]


_CALLS_AT_MOST = 3_000
_OURS = ("direct", "unix", "grpc")
_STORES = ("redis", "postgres", "nats", "etcd", "langgraph", "adk", "agents", "diskcache")
_FLOORS = ("tcp-echo", "tcp-echo-looking", "grpc-echo")
_SINGLE = (
    "The same value, decoded to Python. NATS, etcd, ADK and Agents have asyncio clients, which one call after another uses at its worst. "
    "The libraries work on a file of this machine without a server, and promise less than their neighbours: see the notes."
)


def _single(call: str, size: str) -> Row:
    took = asked("single", call=call, size=size, most=_CALLS_AT_MOST)
    title = {"get": "Reading", "set": "Writing"}[call]
    name = f"{call}-{size.replace(' ', '-').lower()}"
    return Row(name, f"{title} a value of {size}", "µs", "less", _same(took, *_OURS, *_STORES, *_FLOORS), "redis", _SINGLE)


def _batch(call: str) -> Row:
    took = asked("batch", call=call, most=_CALLS_AT_MOST)
    title = {"get": "Reading 100 values at once", "set": "Writing 100 values at once"}[call]
    return Row(
        f"batch-{call}", title, "µs", "less", _same(took, *_OURS, *_STORES), "redis",
        "100 small values, decoded to Python. session-bridge and PostgreSQL read one state and write all or nothing, HMGET and HSET do so "
        "within one hash. ADK reads the whole state of a session.",
    )  # fmt: skip


def _durable(clients: int) -> Row:
    ours = [f"{carrier}-{durability}" for durability in ("fsync", "commit", "write-behind") for carrier in ("direct", "grpc")]
    peers = ("redis-always", "postgres-durable", "nats-file", "etcd")
    different = (
        "fsync, Redis, PostgreSQL and etcd answer when the write is on the disk; commit survives a crash of the program but not the loss "
        "of power; write-behind and NATS sync later. Redis holds all data in memory, and PostgreSQL keeps an index besides."
    )
    if clients == 1:
        took = asked("single", call="set", size="100 B", most=_CALLS_AT_MOST)
        title = "A durable write, one client"
        return Row("durable-1", title, "µs", "less", _same(took, *ours, *peers, "disk"), "redis-always", different)
    made = asked("threads", call="set", threads=clients)
    title = f"Durable writes, {clients} clients"
    lines = _same(made, *ours, *peers, "tcp-echo")
    return Row(
        f"durable-{clients}",
        title,
        "writes/s",
        "more",
        lines,
        "redis-always",
        f"{different} Clients are threads of one Python process, and the TCP echo is the floor for that: no disk, nothing to do.",
    )


_INCREMENTS = {
    "increment": ("direct", "grpc", "redis", "postgres", "diskcache"),
    "update_variable": ("direct", "grpc"),
    "transact": ("direct", "grpc"),
    "transaction, again on conflict": ("direct", "grpc"),
    "edit, again on conflict": ("direct", "grpc"),
    "get, then set": ("direct", "grpc", "redis", "postgres", "nats", "etcd", "langgraph", "diskcache"),
}
#: Those that the README shows.
README_INCREMENTS = tuple(mode for mode in _INCREMENTS if mode != "get, then set")

ROWS: Sequence[Row] = (
    *(_single(call, size) for size in ("100 B", "10 KB", "1 MB") for call in ("get", "set")),
    _batch("get"),
    _batch("set"),
    Row(
        "async-64", "64 asyncio tasks read at once", "reads/s", "more",
        _same(
            asked("at-once", call="get", tasks=64),
            "direct-async", "unix-async", "grpc-async", "redis-async", "nats", "etcd", "grpc-echo-async",
        ),
        "redis-async", "redis.asyncio opens a connection for each call under way, the others have one. The client's Python is most of it.",
    ),
    Row(
        "threads-8", "8 threads read at once", "reads/s", "more",
        _same(asked("threads", call="get", threads=8), *_OURS, "redis", "postgres", "langgraph", "diskcache", "grpc-echo"),
        "redis", "One Python process: threads wait for one another's Python. PostgreSQL has a connection for each.",
    ),
    Row(
        "increments", "Increments by 8 at once: how many were lost", "lost", "less",
        [
            Line(entry, increments(mode), mode)
            for mode, entries in _INCREMENTS.items()
            for entry in entries
        ],
        "redis: get, then set",
        "`get, then set` is what quick starts show, and no store can help it; session-bridge's README shows the other five. Threads, or "
        "asyncio tasks for NATS and etcd.",
        repeats_at_most=1,
    ),
    Row(
        "watch", "From a write to its delivery to a watcher", "µs", "less",
        _same(watch_delay, "direct", "grpc", "direct-async", "grpc-async", "nats", "etcd"), "nats",
        "Two Python processes; the time is from the begin of the write. The watcher may well have the change before the writer has its "
        "answer, so that the time from the answer, which is told as well, is often about zero or less. etcd has it on the disk first.",
    ),
    _durable(1), _durable(16), _durable(32),
    Row(
        "load", "Calls for a second of the server's processor", "calls/s", "more",
        _same(load, "direct-async", "grpc-async", "redis-async", "nats", "grpc-echo-async"), "redis-async",
        "Small reads; two processes with 64 asyncio tasks each. Node has one thread for JavaScript and others for garbage, Redis has one "
        "in all; the time of all threads is counted.",
    ),
    Row(
        "startup", "Start-up on many sessions", "ms", "less",
        _same(startup, "sqlite", "redis-stored", "postgres", "tcp-echo"), "redis-stored",
        "From the start of the process to its first answer. Redis loads everything before it serves; session-bridge and PostgreSQL load "
        "what is asked for. The floor is Node alone.",
        repeats_at_most=3,
    ),
    Row(
        "listing", "Listing many sessions", "ms", "less",
        _same(listing, "direct-commit", "grpc-commit", "redis-stored", "postgres"), "redis-stored",
        "session-bridge tells of each its labels, size, times and number of variables, in order and without gaps; SCAN and SELECT DISTINCT "
        "give names, SCAN in no order and perhaps twice.",
        repeats_at_most=3,
    ),
    Row(
        "memory-variable", "Memory for a small variable", "bytes", "less",
        _same(small_variables, "memory", "sqlite", "redis"), "redis",
        "Growth of the server's resident set, for 100,000 of them in sessions of 1,000 (names of 10 bytes, values of 20), after a garbage "
        "collection.",
        repeats_at_most=1,
    ),
    Row(
        "memory-session", "Memory for an idle session of ten variables", "bytes", "less",
        _same(idle_sessions, "memory", "sqlite", "redis"), "redis",
        "Growth of the server's resident set, after a garbage collection. A session of session-bridge has times, labels and a revision, "
        "and so has each variable; Redis keeps ten small fields in one string of bytes.",
        repeats_at_most=1,
    ),
)  # fmt: skip
