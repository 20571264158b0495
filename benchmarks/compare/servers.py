"""How each server is started: the defaults of its package, but for the port, the directory, and what a row is about."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from .gap import GapError
from .processes import Server, free_port, listens, program, said_json, spawn, wait_until

ROOT = Path(__file__).parent.parent.parent
NODE = ROOT / "node_modules" / ".bin" / "node"
COMMAND = ROOT / "packages" / "server" / "bin" / "session-bridge.js"
FLOORS = Path(__file__).parent / "floors"
#: PostgreSQL refuses to run as root.
POSTGRES_USER = "postgres"

#: Starts a server with its data in a directory; starting it again there finds the data.
Start = Callable[[Path], Server]


def bridge(*arguments: str, inspect: bool = False) -> Start:
    """`session-bridge serve` with these arguments; `{folder}` in them is the directory."""

    def start(folder: Path) -> Server:
        options = [argument.format(folder=folder) for argument in arguments]
        listen = [] if "--listen" in options else ["--listen", "127.0.0.1:0"]
        node = [str(NODE), *(["--inspect=127.0.0.1:0"] if inspect else [])]
        log = folder / "log"
        process = spawn([*node, str(COMMAND), "serve", "--log-level", "error", *listen, *options], log, output=subprocess.PIPE)
        address = said_json(process, log)["address"]
        return Server(address, process, _inspector(log) if inspect else None)

    return start


def _inspector(log: Path) -> str:
    return next(word for word in log.read_text().split() if word.startswith("ws://"))


def floor(script: str) -> Start:
    """A Node server that only echoes."""

    def start(folder: Path) -> Server:
        log = folder / "log"
        process = spawn([str(NODE), str(FLOORS / script)], log, output=subprocess.PIPE)
        return Server(str(said_json(process, log)["port"]), process)

    return start


def redis(*options: str) -> Start:
    """Redis, on one port of loopback."""

    def start(folder: Path) -> Server:
        port = free_port()
        where = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--daemonize", "no"]
        process = spawn([program("redis-server"), *where, *options], folder / "log")
        wait_until(lambda: _pongs(port), process, "redis-server")
        return Server(str(port), process)

    return start


def _pongs(port: int) -> bool:
    # It listens before it has loaded its data.
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def postgres(folder: Path) -> Server:
    """PostgreSQL as initdb makes it."""
    user = POSTGRES_USER if os.geteuid() == 0 else None
    data, port = folder / "data", free_port()
    if not data.exists():
        data.mkdir()
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(data, user)
        made = subprocess.run(
            [program("initdb"), "--auth=trust", "--username=postgres", f"--pgdata={data}", "--encoding=UTF8", "--no-locale"],
            user=user, cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise GapError(f"initdb failed: {made.stderr.strip()[-200:]}")
    where = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data)]
    process = spawn([program("postgres"), *where], folder / "log", user=user)
    wait_until(lambda: _accepts(port, user), process, "postgres")
    return Server(str(port), process, end=signal.SIGINT)


def _accepts(port: int, user: str | None) -> bool:
    ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ready, user=user, check=False).returncode == 0


def nats(folder: Path) -> Server:
    """NATS with JetStream."""
    port = free_port()
    process = spawn([program("nats-server"), "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(folder)], folder / "log")
    wait_until(lambda: listens(port), process, "nats-server")
    return Server(str(port), process)


def etcd(folder: Path) -> Server:
    """etcd, a cluster of one."""
    client, peer = free_port(), free_port()
    urls = {
        "--listen-client-urls": f"http://127.0.0.1:{client}",
        "--advertise-client-urls": f"http://127.0.0.1:{client}",
        "--listen-peer-urls": f"http://127.0.0.1:{peer}",
        "--initial-advertise-peer-urls": f"http://127.0.0.1:{peer}",
        "--initial-cluster": f"default=http://127.0.0.1:{peer}",
    }
    options: Sequence[str] = [word for option in urls.items() for word in option]
    process = spawn([program("etcd"), "--data-dir", str(folder / "data"), "--log-level", "error", *options], folder / "log")
    wait_until(lambda: listens(client), process, "etcd")
    return Server(str(client), process)


def library(folder: Path) -> Server:
    """No server: the store is a library of the program, with its files in the directory."""
    return Server(str(folder))


def _stored(durability: str) -> Start:
    return bridge("--store", "sqlite:{folder}/sessions.db", "--durability", durability)


SERVERS: Mapping[str, Start] = {
    "bridge": bridge("--store", "memory"),
    "bridge-unix": bridge("--store", "memory", "--listen", "unix:{folder}/socket"),
    "bridge-fsync": _stored("fsync"),
    "bridge-commit": _stored("commit"),
    "bridge-write-behind": _stored("write-behind"),
    "redis": redis("--save", "", "--appendonly", "no"),
    "redis-always": redis("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
    # Saves when it is stopped.
    "redis-stored": redis("--save", "3600 1", "--appendonly", "no"),
    "postgres": postgres,
    "nats": nats,
    "etcd": etcd,
    "tcp-echo": floor("tcp-echo.ts"),
    "grpc-echo": floor("grpc-echo.ts"),
    "library": library,
}


@contextlib.contextmanager
def started(start: Start, folder: Path) -> Iterator[Server]:
    """A server for the length of a `with`."""
    server = start(folder)
    try:
        yield server
    finally:
        server.stop()
