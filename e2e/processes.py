"""The processes of the end-to-end tests: the built server, and TypeScript and Python programs beside it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
ROOT = HERE.parent
NODE = os.environ.get("E2E_NODE") or str(ROOT / "node_modules/.bin/node")
COMMAND = ROOT / "packages/server/bin/session-bridge.js"
STOP_SECONDS = 30

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
"""What every process is given. Node warns on standard error when both of those are set, as nx does."""


class Server:
    """A real server on a SQLite file, on a free port of loopback; ended by its own process id.

    Args:
        file: The SQLite file.
        environment: Environment variables beside those of this process.
    """

    def __init__(self, file: Path, environment: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._environment = {**ENVIRONMENT, **(environment or {})}
        self._log = file.with_suffix(".log").open("ab")
        self.start()

    def start(self, listen: str = "127.0.0.1:0") -> None:
        """Starts it; returns when it is ready to serve.

        Args:
            listen: Where; port 0 picks a free one.

        Raises:
            AssertionError: It does not start; it has ended then.
        """
        arguments: list[str | Path] = [NODE, COMMAND, "serve", "--listen", listen, "--store", f"sqlite:{self._file}"]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, env=self._environment
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.stdout.close()
            self._process.wait(STOP_SECONDS)
            self._log.close()
            raise AssertionError(f"the server did not start; its log:\n{self.log()}")
        self.address: str = json.loads(line)["address"]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and returns the exit code."""
        self._process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Waits until it has ended and returns the exit code."""
        code = self._process.wait(STOP_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def log(self) -> str:
        """What it has logged so far."""
        return self._file.with_suffix(".log").read_text()

    def close(self) -> None:
        """Ends it if it still runs."""
        if self._process.poll() is None:
            self.stop()
        self._log.close()


class TypeScript:
    """The program programs/worker.ts: it does what each line says and answers with a line."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [NODE, "--disable-warning=ExperimentalWarning", HERE / "programs/worker.ts", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(STOP_SECONDS)
        self._process.stdout.close()

    def send(self, task: str, **arguments: object) -> None:
        """Gives it something to do and does not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Waits for the answer to the oldest task that has none yet."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the TypeScript program ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def do(self, task: str, **arguments: object) -> Any:
        """Gives it something to do and waits for the answer."""
        self.send(task, **arguments)
        return self.answer()


def run_python(program: str, *arguments: str) -> Any:
    """Runs a Python program of this folder in a process of its own and returns the JSON that it prints."""
    command = [sys.executable, str(HERE / "programs" / program), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT, text=True, timeout=60)
    return json.loads(done.stdout)


def run_command(*arguments: str | Path, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Runs the built command to its end."""
    command: list[str | Path] = [NODE, COMMAND, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env=ENVIRONMENT, text=True, timeout=60, check=False)
