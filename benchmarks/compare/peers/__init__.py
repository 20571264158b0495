"""The peers' clients, by what `entries.py` calls them. Their libraries are imported when they are opened."""

from collections.abc import Callable, Mapping

from ..adapter import Adapter
from .adk import Adk
from .agents import Agents
from .bridge import AsyncBridgeClient, BridgeClient
from .disk import Disk
from .diskcache import DiskCache
from .etcd import Etcd
from .grpc_echo import AsyncGrpcEcho, GrpcEcho
from .langgraph import LangGraph
from .nats import Nats
from .postgres import Postgres
from .redis import AsyncRedis, Redis
from .tcp_echo import TcpEcho

ADAPTERS: Mapping[str, Callable[..., Adapter]] = {
    "bridge": BridgeClient,
    "bridge-async": AsyncBridgeClient,
    "redis": Redis,
    "redis-async": AsyncRedis,
    "postgres": Postgres,
    "nats": Nats,
    "etcd": Etcd,
    "langgraph": LangGraph,
    "adk": Adk,
    "agents": Agents,
    "diskcache": DiskCache,
    "tcp-echo": TcpEcho,
    "grpc-echo": GrpcEcho,
    "grpc-echo-async": AsyncGrpcEcho,
    "disk": Disk,
}
