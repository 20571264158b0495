"""A real server as a process: started from the command that users start, stopped by its own process id."""

import json
import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_BIN = _ROOT / "node_modules" / ".bin"
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
"""Node warns on standard error when both of those are set, as nx does."""


class Server:
    """A running server; `address` is where it listens."""

    def __init__(self, store: str, log: Path, listen: str = "127.0.0.1:0", flags: Sequence[str] = ()) -> None:
        self.log = log
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [_BIN / "session-bridge", "serve", "--listen", listen, "--store", store, *flags],
                env={**_ENVIRONMENT, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError(f"the server did not start: {log.read_text()}")
        ready = json.loads(line)
        assert ready["ready"] is True
        self.address: str = ready["address"]

    def stop(self) -> int:
        """Asks it to end, and gives its exit code."""
        self._process.terminate()
        return self._end()

    def kill(self) -> None:
        """Ends it without asking."""
        self._process.kill()
        self._end()

    def signal(self, number: int) -> None:
        """Sends it a signal, such as one that stops it for a while."""
        self._process.send_signal(number)

    def _end(self) -> int:
        try:
            return self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()


@contextmanager
def serving(store: str, log: Path, listen: str = "127.0.0.1:0", flags: Sequence[str] = ()) -> Generator[Server]:
    """A server for the time of a block."""
    server = Server(store, log, listen, flags)
    try:
        yield server
    finally:
        server.stop()
