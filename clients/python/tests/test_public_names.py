"""What users may use, and that all of it says what it promises."""

import inspect
import pickle
import subprocess
import sys
import typing
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import session_bridge
from session_bridge import BridgeError
from session_bridge._carriers import CarrierName

PUBLIC = [name for name in session_bridge.__all__ if name != "__version__"]
CLASSES = [getattr(session_bridge, name) for name in PUBLIC if inspect.isclass(getattr(session_bridge, name))]
PACKAGE = Path(session_bridge.__file__).parent


def members() -> Iterator[tuple[str, Any]]:
    """Public functions, classes, and the methods that they define themselves."""
    for name in PUBLIC:
        thing = getattr(session_bridge, name)
        if inspect.isclass(thing):
            yield name, thing
            for attribute, value in vars(thing).items():
                private = attribute.startswith("_") and not attribute.endswith("__")
                if not private and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{name}.{attribute}", value
        elif inspect.isfunction(thing):
            yield name, thing


MEMBERS = [(name, thing) for name, thing in members() if not name.endswith("_")]


def test_the_public_names_are_these() -> None:
    assert session_bridge.__all__ == sorted(session_bridge.__all__)
    assert session_bridge.__all__ == [
        "AsyncBridge",
        "AsyncSession",
        "AsyncTransaction",
        "AsyncWatch",
        "Bridge",
        "BridgeClosedError",
        "BridgeError",
        "CancelledError",
        "Change",
        "CheckpointInfo",
        "CheckpointNotFoundError",
        "Codecs",
        "CompactedError",
        "ConstraintError",
        "CustomEncoding",
        "DataLossError",
        "DeadlineExceededError",
        "Entry",
        "HistoryEntry",
        "IntegerOverflowError",
        "InternalServerError",
        "InvalidArgumentError",
        "LimitExceededError",
        "OutcomeUnknownError",
        "PageExpiredError",
        "PermissionDeniedError",
        "RevisionMismatchError",
        "SerializationError",
        "ServerUnavailableError",
        "Session",
        "SessionExistsError",
        "SessionInfo",
        "SessionNotFoundError",
        "SessionTtl",
        "StoreUnavailableError",
        "Transaction",
        "Ttl",
        "TypeMismatchError",
        "UnauthenticatedError",
        "UnsupportedError",
        "VariableInfo",
        "VariableNotFoundError",
        "Watch",
        "__version__",
        "connect",
        "connect_async",
    ]


def test_nothing_else_is_in_reach_without_an_underscore() -> None:
    reachable = {name for name in vars(session_bridge) if not name.startswith("_")}
    assert reachable - {"v1"} == {*PUBLIC}


@pytest.mark.parametrize(("name", "thing"), MEMBERS, ids=[name for name, _ in MEMBERS])
def test_every_public_name_says_what_it_promises(name: str, thing: Any) -> None:
    assert inspect.getdoc(thing), name
    if inspect.isclass(thing):
        assert not (thing.__doc__ or "").startswith(f"{thing.__name__}("), "the docstring that dataclass makes up"


@pytest.mark.parametrize(("name", "thing"), MEMBERS, ids=[name for name, _ in MEMBERS])
def test_no_public_signature_knows_grpc(name: str, thing: Any) -> None:
    functions = [thing.fget if isinstance(thing, property) else thing]
    functions += typing.get_overloads(functions[0]) if inspect.isfunction(functions[0]) else []
    for function in functions:
        hints = str(typing.get_type_hints(function)).replace(str(CarrierName), "")
        assert not any(word in hints for word in ("grpc", "_pb2", "google")), f"{name}: {hints}"


def modules_with(*words: str) -> set[str]:
    """The modules that have one of these words."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "v1" not in path.parts and any(word in path.read_text() for word in words)
    }


def test_few_modules_know_how_a_server_is_reached() -> None:
    """grpc, the generated messages, and sockets."""
    assert modules_with("import grpc") == {"_async_grpc_carrier.py", "_grpc_carrier.py", "_grpc_streams.py"}
    messages = {"_message_parts.py", "_past_messages.py", "_rpc_messages.py"}
    assert modules_with("_pb2", "from google") == {"_direct_frames.py", "_rpc.py", *messages}
    assert modules_with("import socket") == {"_async_direct_line.py", "_direct_socket.py"}


@pytest.mark.parametrize(
    "kind", [kind for kind in CLASSES if issubclass(kind, BridgeError)], ids=lambda kind: kind.__name__
)
def test_every_exception_pickles(kind: type[BridgeError]) -> None:
    error = kind("text", reason="WHY", outcome="unknown", name="x", current_revision=7)
    error.readable = {"a": 1}
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_the_package_is_typed_and_has_a_version() -> None:
    assert (PACKAGE / "py.typed").exists()
    assert session_bridge.__version__ == version("session-bridge")


def test_importing_starts_nothing() -> None:
    """No thread, no connection, no warning."""
    program = "import session_bridge, threading; assert threading.active_count() == 1"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
