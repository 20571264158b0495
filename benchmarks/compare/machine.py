"""What was measured on, and which versions of what."""

import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping

from .install import LIBRARIES, find_program
from .servers import NODE, ROOT

_VERSIONS = {
    "Node": (str(NODE), "--version"),
    "Redis": ("redis-server", "--version"),
    "PostgreSQL": ("postgres", "--version"),
    "NATS": ("nats-server", "--version"),
    "etcd": ("etcd", "--version"),
}
_LIBRARIES = ("grpcio", "protobuf", "msgpack")


def machine() -> Mapping[str, str]:
    """The machine, by what is said of it."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.release()}",
        "processors": f"{os.cpu_count()} × {_processor()}",
        "busy before the run (load average)": load,
        "commit": _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD") or "unknown",
    }


def versions() -> Mapping[str, str]:
    """The version of every server and library; "not installed" for those that are not."""
    servers = {name: _server_version(*command) for name, command in _VERSIONS.items()}
    names = [name.split("[")[0] for wanted in LIBRARIES.values() for name in wanted]
    return {"Python": platform.python_version(), **servers, **{name: _library_version(name) for name in (*_LIBRARIES, *names)}}


def _server_version(name: str, option: str) -> str:
    path = find_program(name) or name
    said = _said(path, option)
    if not said:
        return "not installed"
    words = said.splitlines()[0].replace("v=", " ").split()
    return next((word.strip(",").removeprefix("v") for word in words if word.strip("v,")[:1].isdigit()), said.splitlines()[0])


def _library_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
