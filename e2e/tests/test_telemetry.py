"""What telemetry is told of every operation of both clients, however it ends."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from processes import ENVIRONMENT, HERE, NODE, STOP_SECONDS

import session_bridge

TIMEOUT_SECONDS = 0.4
TOUCHED, CREATED, DELETED = "session.touched", "session.created", "session.deleted"


class Lines:
    """A TypeScript program that answers each line with a line."""

    def __init__(self, program: str, *arguments: str) -> None:
        command = [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "programs" / program), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)

    def read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program ended"
        return json.loads(line)

    def ask(self, **question: object) -> Any:
        assert self._process.stdin is not None
        given = {name: value for name, value in question.items() if value is not None}
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        return self.read()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(STOP_SECONDS) == 0
        self._process.stdout.close()


def told(record: Mapping[str, Any]) -> str:
    """An event record as a line: what, of which variable, and how it ended."""
    about = record["attributes"]
    name: str = record["name"].removeprefix("session_bridge.")
    done = "applied" if about.get("applied") else "found" if about.get("found") else "-"
    if name == "session.variable.batch":
        done = f"{about['succeeded']}/{about['operations']}"
    words = [name.replace("session.variable", "variable"), about.get("operation"), about.get("name"), about.get("reason") or done]
    return name if "operation" not in about else " ".join(word for word in words if word)


class World:
    """A server, its telemetry, and both clients."""

    def __init__(self) -> None:
        self._server = Lines("observed_server.ts")
        address: str = self._server.read()["address"]
        self._typescript = Lines("caller.ts", address, str(round(TIMEOUT_SECONDS * 1000)))
        self.python = session_bridge.connect(address, timeout=TIMEOUT_SECONDS, retry=False)
        self.patient = session_bridge.connect(address, timeout=30)
        self.records: list[Mapping[str, Any]] = []

    def store(self, does: str) -> None:
        """From now on the store works, fails or hangs."""
        self.records += self._server.ask(store=does)["records"]

    def typescript(self, session: str | None, method: str, *arguments: object) -> str:
        """Has the TypeScript client do something; the reason of its error, or nothing."""
        answer: str = self._typescript.ask(session=session, method=method, args=arguments)
        return answer

    def told(self, session: str) -> list[str]:
        """The events of this session so far, those of the store's loading left out."""
        self.records += self._server.ask(take=True)["records"]
        mine = [record for record in self.records if record["attributes"].get("session") == session]
        return [told(record) for record in mine if record["name"] != "session_bridge.load"]

    def close(self) -> None:
        self.python.close()
        self.patient.close()
        self._typescript.close()
        self._server.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@dataclass(frozen=True)
class Operation:
    """An operation of both clients, and what is told of it."""

    python: Callable[[session_bridge.Session], object]
    typescript: tuple[object, ...] | None
    """None where TypeScript has no such method."""
    found: list[str]
    """In a session with a = 1, l = [1], m = {"x": 1}."""
    absent: list[str]
    """In a session that there is not."""
    failed: list[str]
    """When it fails; its reason comes behind each."""
    refused: str = ""
    """The reason for which it is refused in a session that there is not."""


GET = "variable.get get"
READ = Operation(lambda session: session.get_variable("a"), ("get", "a"), [f"{GET} a found"], [f"{GET} a -"], [f"{GET} a"])
OPERATIONS: dict[str, Operation] = {
    "get": READ,
    "get_entry": Operation(lambda session: session.get_entry("a"), ("getEntry", "a"), READ.found, READ.absent, READ.failed),
    "has": Operation(lambda session: session.has_variable("a"), ("has", "a"), READ.found, READ.absent, READ.failed),
    "get_many": Operation(
        lambda session: session.get_variables("a", "z"),
        ("getMany", ["a", "z"]),
        [f"{GET} a found", f"{GET} z -", "variable.batch get 1/2"],
        [f"{GET} a -", f"{GET} z -", "variable.batch get 0/2"],
        ["variable.batch get"],
    ),
    "get_all": Operation(
        lambda session: session.to_dict(),
        ("getAll",),
        [f"{GET} a found", f"{GET} l found", f"{GET} m found", "variable.batch get 3/3"],
        ["variable.batch get 0/0"],
        ["variable.batch get"],
    ),
    "list": Operation(
        lambda session: session.list_variables(),
        ("list",),
        ["variable.batch list 3/3"],
        ["variable.batch list 0/0"],
        ["variable.batch list"],
    ),
    "set": Operation(
        lambda session: session.set_variable("a", 2),
        ("set", "a", 2),
        ["variable.set set a applied"],
        [CREATED, "variable.set set a applied"],
        ["variable.set set a"],
    ),
    "set_many": Operation(
        lambda session: session.set_variables({"a": 2, "b": 3}),
        ("setMany", {"a": 2, "b": 3}),
        ["variable.set set a applied", "variable.set set b applied", "variable.batch update 2/2"],
        [CREATED, "variable.set set a applied", "variable.set set b applied", "variable.batch update 2/2"],
        ["variable.set set a", "variable.set set b", "variable.batch update"],
    ),
    "set_default": Operation(
        lambda session: session.setdefault("a", 2),
        ("setDefault", "a", 2),
        ["variable.set set a found"],
        [CREATED, "variable.set set a applied"],
        ["variable.set set a"],
    ),
    "increment": Operation(
        lambda session: session.increment("a"),
        ("increment", "a"),
        ["variable.update increment a applied"],
        [CREATED, "variable.update increment a applied"],
        ["variable.update increment a"],
    ),
    "append": Operation(
        lambda session: session.append("l", [2]),
        ("append", "l", [2]),
        ["variable.update append l applied"],
        [CREATED, "variable.update append l applied"],
        ["variable.update append l"],
    ),
    "merge": Operation(
        lambda session: session.merge("m", {"y": 2}),
        ("merge", "m", {"y": 2}),
        ["variable.update merge m applied"],
        [CREATED, "variable.update merge m applied"],
        ["variable.update merge m"],
    ),
    "update_variable": Operation(
        lambda session: session.update_variable("a", lambda value: (value or 0) + 1),
        ("updateVariable", "a", "plusOne"),
        [f"{GET} a found", "variable.set set a applied"],
        [f"{GET} a -", CREATED, "variable.set set a applied"],
        [f"{GET} a"],
    ),
    "delete": Operation(
        lambda session: session.delete_variable("a"),
        ("delete", "a"),
        ["variable.delete delete a applied"],
        ["variable.delete delete a -"],
        ["variable.delete delete a"],
    ),
    "pop": Operation(
        lambda session: session.pop("a", None),
        ("pop", "a"),
        ["variable.delete delete a applied"],
        ["variable.delete delete a -"],
        ["variable.delete delete a"],
    ),
    "pop_item": Operation(
        lambda session: session.popitem() if len(session) > 0 else None,
        None,
        ["session.call get found", "variable.delete pop_last m applied"],
        ["session.call get SESSION_NOT_FOUND"],
        ["session.call get"],
    ),
    "clear": Operation(
        lambda session: session.clear(),
        ("clear",),
        ["variable.delete clear applied"],
        ["variable.delete clear -"],
        ["variable.delete clear"],
    ),
    "touch": Operation(
        lambda session: session.touch(),
        ("touch",),
        [TOUCHED, "session.call touch found"],
        ["session.call touch SESSION_NOT_FOUND"],
        ["session.call touch"],
        "SESSION_NOT_FOUND",
    ),
    "info": Operation(
        lambda session: session.info(),
        ("info",),
        ["session.call get found"],
        ["session.call get SESSION_NOT_FOUND"],
        ["session.call get"],
        "SESSION_NOT_FOUND",
    ),
    "destroy": Operation(
        lambda session: session.destroy(),
        ("destroy",),
        [DELETED, "session.call delete found"],
        ["session.call delete -"],
        ["session.call delete"],
    ),
}

REFUSALS: dict[str, tuple[Callable[[session_bridge.Session], object], tuple[object, ...], list[str], str]] = {
    "set": (
        lambda session: session.set_variable("a", 2, if_revision=1),
        ("set", "a", 2, {"ifRevision": 1}),
        ["variable.set set a REVISION_MISMATCH"],
        "REVISION_MISMATCH",
    ),
    "delete": (
        lambda session: session.delete_variable("a", if_revision=1),
        ("delete", "a", {"ifRevision": 1}),
        ["variable.delete delete a REVISION_MISMATCH"],
        "REVISION_MISMATCH",
    ),
    "increment": (
        lambda session: session.increment("l"),
        ("increment", "l"),
        ["variable.update increment l TYPE_MISMATCH"],
        "TYPE_MISMATCH",
    ),
    "append": (
        lambda session: session.append("a", [1]),
        ("append", "a", [1]),
        ["variable.update append a TYPE_MISMATCH"],
        "TYPE_MISMATCH",
    ),
    "merge": (
        lambda session: session.merge("a", {"x": 1}),
        ("merge", "a", {"x": 1}),
        ["variable.update merge a TYPE_MISMATCH"],
        "TYPE_MISMATCH",
    ),
    "set_many": (
        lambda session: session.set_variables({"a": "x" * 2_000_000, "b": 1}),
        ("setMany", {"a": "x" * 2_000_000, "b": 1}),
        [
            "variable.set set a VALUE_TOO_LARGE",
            "variable.set set b VALUE_TOO_LARGE",
            "variable.batch update VALUE_TOO_LARGE",
        ],
        "VALUE_TOO_LARGE",
    ),
}


def reason_of(call: Callable[[], object]) -> str:
    """The reason of the error that a call ends with, or nothing."""
    try:
        call()
    except session_bridge.BridgeError as error:
        return error.reason
    return ""


def do(world: World, language: str, session_id: str, operation: Operation) -> str:
    """Has a client do it, and gives the reason of its error."""
    if language == "typescript":
        assert operation.typescript is not None
        method, *arguments = operation.typescript
        return world.typescript(session_id, str(method), *arguments)
    return reason_of(lambda: operation.python(world.python.get_session(session_id)))


CASES = [
    pytest.param(language, name, id=f"{language}-{name}")
    for name, operation in OPERATIONS.items()
    for language in ("python", "typescript")
    if language == "python" or operation.typescript is not None
]


@pytest.mark.parametrize(("language", "name"), CASES)
def test_every_operation_of_every_client_is_told_exactly_as_documented(world: World, language: str, name: str) -> None:
    operation = OPERATIONS[name]
    found, absent, failing, hanging = (f"{state}-{name}-{language}" for state in ("found", "absent", "fail", "hang"))
    world.patient.get_session(found).set_variables({"a": 1, "l": [1], "m": {"x": 1}})
    before = world.told(found)
    assert do(world, language, found, operation) == ""
    assert do(world, language, absent, operation) == operation.refused
    assert world.told(found) == before + operation.found
    assert world.told(absent) == operation.absent

    world.store("fails")
    assert do(world, language, failing, operation) == "STORE_UNAVAILABLE"
    assert world.told(failing) == [f"{event} STORE_UNAVAILABLE" for event in operation.failed]

    world.store("hangs")
    assert do(world, language, hanging, operation) == "DEADLINE_EXCEEDED"
    # The server counts the deadline by itself: it may come a moment later there, and a client that gives up well before that has cancelled.
    give_up = time.monotonic() + STOP_SECONDS
    while len(world.told(hanging)) < len(operation.failed) and time.monotonic() < give_up:
        pass
    world.store("works")
    late = [[f"{event} {reason}" for event in operation.failed] for reason in ("DEADLINE_EXCEEDED", "CANCELLED")]
    assert world.told(hanging) in late


@pytest.mark.parametrize("language", ["python", "typescript"])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_told_with_its_reason(world: World, language: str, name: str) -> None:
    python, typescript, events, reason = REFUSALS[name]
    session_id = f"refused-{name}-{language}"
    world.patient.get_session(session_id).set_variables({"a": 1, "l": [1]})
    before = world.told(session_id)
    assert do(world, language, session_id, Operation(python, typescript, [], [], [])) == reason
    assert world.told(session_id) == before + events


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_sessions_that_are_created_and_listed_are_told(world: World, language: str) -> None:
    session_id = f"created-{language}"

    def create() -> str:
        if language == "typescript":
            return world.typescript(None, "createSession", {"id": session_id})
        return reason_of(lambda: world.python.create_session(session_id))

    assert create() == ""
    assert create() == "SESSION_EXISTS"
    assert world.told(session_id) == [CREATED, "session.call create found", "session.call create SESSION_EXISTS"]

    def list_them(prefix: str) -> str:
        if language == "typescript":
            return world.typescript(None, "listSessions", {"prefix": prefix})
        return reason_of(lambda: list(world.python.list_sessions(prefix=prefix)))

    listings = len(listed(world))
    assert list_them("created-") == ""
    assert list_them("none-") == ""
    world.store("fails")
    assert list_them("none-") == "STORE_UNAVAILABLE"
    world.store("works")
    expected = ["session.call list found", "session.call list -", "session.call list STORE_UNAVAILABLE"]
    assert listed(world)[listings:] == expected


def listed(world: World) -> list[str]:
    """What was told of listings so far; they are about no one session."""
    world.told("")
    return [told(record) for record in world.records if record["attributes"].get("operation") == "list" and "found" in record["attributes"]]


def test_nothing_is_told_twice_or_later(world: World) -> None:
    """All that was told in this module, looked at once more at its end: each operation of a client once."""
    operations = [
        (record["attributes"].get("session"), told(record), record["attributes"]["durationMs"])
        for record in world.records
        if "operation" in record["attributes"]
    ]
    assert len(operations) > 0
    assert len(set(operations)) == len(operations)
