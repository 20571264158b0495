"""Workers as the runner sees them: processes that measure, one for each client of each server."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .gap import GapError
from .processes import last_words

_ANSWER_SECONDS = 120.0

Found = Mapping[str, Any]


class Worker:
    """A process that measures one adapter. While it is not asked anything, it waits for its standard input and uses no processor."""

    def __init__(self, kind: str, options: Mapping[str, str | bool], target: str, log: Path) -> None:
        """Starts it."""
        command = [sys.executable, "-m", "compare.worker", kind, json.dumps(dict(options)), target]
        with log.open("a") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        self._log = log

    def ask(self, work: str, **params: Any) -> Found:
        """Does a piece of work. Raises GapError when it cannot be done, RuntimeError when it failed."""
        self.begin(work, **params)
        return self.answer()

    def begin(self, work: str, **params: Any) -> None:
        """Begins a piece of work, whose answer is fetched later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"work": work, "params": params}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Found:
        """What was found. Raises as `ask` does."""
        assert self._process.stdout is not None
        # A peer that hangs is told as one that failed, not waited for.
        guard = threading.Timer(_ANSWER_SECONDS, self._process.kill)
        guard.start()
        line = self._process.stdout.readline()
        guard.cancel()
        if not line:
            raise RuntimeError(f"the measuring process ended: {last_words(self._log)}")
        found: Found = json.loads(line)
        if "gap" in found:
            raise GapError(found["gap"])
        if "error" in found:
            raise RuntimeError(found["error"])
        return found

    def stop(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
