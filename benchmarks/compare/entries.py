"""Who is measured: a client by a server, each under a name of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A client of a server, and what has to be known to compare it."""

    title: str
    #: Of `SERVERS`.
    server: str
    #: Of `ADAPTERS`.
    adapter: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    note: str = ""


_FILE = "a library on SQLite in the program's process, not synced at each write"


def _bridge(title: str, server: str, carrier: str, adapter: str = "bridge") -> Entry:
    return Entry(f"session-bridge, {title}", server, adapter, {"carrier": carrier})


ENTRIES: Mapping[str, Entry] = {
    "direct": _bridge("direct", "bridge", "direct"),
    "unix": _bridge("direct, Unix socket", "bridge-unix", "direct"),
    "grpc": _bridge("gRPC", "bridge", "grpc"),
    "direct-async": _bridge("asyncio, direct", "bridge", "direct", "bridge-async"),
    "unix-async": _bridge("asyncio, direct, Unix socket", "bridge-unix", "direct", "bridge-async"),
    "grpc-async": _bridge("asyncio, gRPC", "bridge", "grpc", "bridge-async"),
    # Where the carrier makes no difference.
    "memory": _bridge("in memory", "bridge", "direct"),
    "sqlite": _bridge("on SQLite", "bridge-commit", "direct"),
    **{
        f"{carrier}-{durability}": _bridge(f"{durability}, {title}", f"bridge-{durability}", carrier)
        for durability in ("fsync", "commit", "write-behind")
        for carrier, title in (("direct", "direct"), ("grpc", "gRPC"))
    },
    "redis": Entry("Redis", "redis", "redis", note="not persistent; JSON"),
    "redis-async": Entry("Redis, redis.asyncio", "redis", "redis-async", note="not persistent; JSON"),
    "redis-always": Entry("Redis, appendfsync always", "redis-always", "redis", note="all data in memory"),
    "redis-stored": Entry("Redis, RDB file", "redis-stored", "redis", note="all data in memory"),
    "postgres": Entry("PostgreSQL, buffered", "postgres", "postgres", {"options": "-c synchronous_commit=off"}, "`synchronous_commit=off`"),
    "postgres-durable": Entry("PostgreSQL, upsert", "postgres", "postgres", note="one connection for each client"),
    "nats": Entry("NATS KV", "nats", "nats", note="bucket in memory; asyncio"),
    "nats-file": Entry("NATS KV, file", "nats", "nats", {"storage": "file"}, "synced every two minutes; asyncio"),
    "etcd": Entry("etcd", "etcd", "etcd", note="every write synced; asyncio"),
    "langgraph": Entry("LangGraph SqliteStore", "library", "langgraph", note=_FILE),
    "adk": Entry("Google ADK DatabaseSessionService", "library", "adk", note=f"a read has the whole state; {_FILE}; asyncio"),
    "agents": Entry(
        "OpenAI Agents SQLiteSession", "library", "agents", note=f"a log of items, of which the last is read; {_FILE}; asyncio"
    ),
    "diskcache": Entry("diskcache", "library", "diskcache", note=_FILE),
    "tcp-echo": Entry("floor: TCP echo", "tcp-echo", "tcp-echo", note="Node; the value travels both ways"),
    "tcp-echo-looking": Entry(
        "floor: TCP echo, looked for",
        "tcp-echo",
        "tcp-echo",
        {"looks": True},
        "as above; the client looks for the answer and does not sleep",
    ),
    "grpc-echo": Entry("floor: gRPC echo", "grpc-echo", "grpc-echo", note="grpc-js; the value travels both ways"),
    "grpc-echo-async": Entry("floor: gRPC echo, aio", "grpc-echo", "grpc-echo-async", note="grpc-js"),
    "disk": Entry("floor: append and fdatasync", "library", "disk", note="no server"),
}
