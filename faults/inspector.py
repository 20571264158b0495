"""programs/inspect.ts: what a store holds, read through the store itself and no server."""

import base64
import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from processes import ENVIRONMENT, NODE
from wire import Stored, unpacked

PROGRAM = Path(__file__).parent / "programs" / "inspect.ts"

Contents: TypeAlias = dict[str, tuple[int, dict[str, Stored]]]
"""Of each session its revision and its variables."""


class Unopened(Exception):
    """The store does not open, or something in it cannot be read."""


class Inspector:
    """Opens one store after another."""

    def __enter__(self) -> Self:
        command: list[str | Path] = [NODE, "--disable-warning=ExperimentalWarning", PROGRAM]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def contents(self, database: Path) -> Contents:
        """Everything in the store, expired or not.

        Raises:
            Unopened: It refuses.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{database}\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if "error" in found:
            raise Unopened(found["error"])
        return {id: (session["revision"], _variables(session["variables"])) for id, session in found["sessions"].items()}


def _variables(found: dict[str, dict[str, object]]) -> dict[str, Stored]:
    return {
        name: Stored(unpacked(base64.b64decode(str(row["value"]))), int(str(row["revision"])), bool(row["expires"]))
        for name, row in found.items()
    }
