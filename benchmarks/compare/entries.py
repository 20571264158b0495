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
    options: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


_BUFFERED = "durable, but `synchronous_commit=off` here: an answered write is in the server's memory"
_FILE = "no server: SQLite in the program's own process, not synced to the disk at each write; other machines cannot reach it"


def _bridge(title: str, server: str, carrier: str, adapter: str = "bridge") -> Entry:
    return Entry(f"session-bridge, {title}", server, adapter, {"carrier": carrier})


ENTRIES: Mapping[str, Entry] = {
    "direct": _bridge("direct", "bridge", "direct"),
    "unix": _bridge("direct, Unix socket", "bridge-unix", "direct"),
    "grpc": _bridge("gRPC", "bridge", "grpc"),
    "direct-async": _bridge("asyncio, direct", "bridge", "direct", "bridge-async"),
    "unix-async": _bridge("asyncio, direct, Unix socket", "bridge-unix", "direct", "bridge-async"),
    "grpc-async": _bridge("asyncio, gRPC", "bridge", "grpc", "bridge-async"),
    **{
        f"{carrier}-{durability}": _bridge(f"{durability}, {title}", f"bridge-{durability}", carrier)
        for durability in ("fsync", "commit", "write-behind")
        for carrier, title in (("direct", "direct"), ("grpc", "gRPC"))
    },
    "redis": Entry("Redis", "redis", "redis", note="without persistence; values are JSON"),
    "redis-async": Entry("Redis, redis.asyncio", "redis", "redis-async", note="without persistence; values are JSON"),
    "redis-always": Entry("Redis, appendfsync always", "redis-always", "redis", note="the whole data set is in memory"),
    "redis-stored": Entry("Redis, RDB file", "redis-stored", "redis", note="the whole data set is in memory"),
    "postgres": Entry("PostgreSQL, buffered", "postgres", "postgres", {"options": "-c synchronous_commit=off"}, _BUFFERED),
    "postgres-durable": Entry("PostgreSQL, upsert", "postgres", "postgres", note="one connection for each client"),
    "nats": Entry("NATS KV", "nats", "nats", note="the bucket is in memory; asyncio only"),
    "nats-file": Entry("NATS KV, file", "nats", "nats", {"storage": "file"}, "synced to the disk every two minutes, as it comes"),
    "etcd": Entry("etcd", "etcd", "etcd", note="every write is on the disk, and is agreed on by a cluster of one; asyncio only"),
    "langgraph": Entry("LangGraph SqliteStore", "library", "langgraph", note=_FILE),
    "adk": Entry("Google ADK DatabaseSessionService", "library", "adk", note=f"a read has the whole state; {_FILE}"),
    "agents": Entry("OpenAI Agents SQLiteSession", "library", "agents", note=f"a log of items, the last one is read; {_FILE}"),
    "diskcache": Entry("diskcache", "library", "diskcache", note=_FILE),
    "tcp-echo": Entry("floor: TCP echo", "tcp-echo", "tcp-echo", note="a Node server; the value travels both ways"),
    "grpc-echo": Entry("floor: gRPC echo", "grpc-echo", "grpc-echo", note="grpc-js; the value travels both ways"),
    "grpc-echo-async": Entry("floor: gRPC echo, aio", "grpc-echo", "grpc-echo-async", note="grpc-js"),
    "disk": Entry("floor: append and fdatasync", "library", "disk", note="no server, no other clients"),
}
