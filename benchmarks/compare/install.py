"""Installs the peers: servers as Debian's packages, Python libraries into an environment of their own. What cannot be had is told."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent
ENVIRONMENT = BENCHMARKS.parent / ".venv-bench"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCK = BENCHMARKS / "requirements.lock"
CLIENT = BENCHMARKS.parent / "clients" / "python"

#: The program that a server is, and the Debian package that has it.
PROGRAMS: Mapping[str, str] = {
    "redis-server": "redis-server",
    "postgres": "postgresql",
    "nats-server": "nats-server",
    "etcd": "etcd-server",
}
#: Libraries without which nothing can be measured, and those of one peer each.
NEEDED = ("grpcio", "protobuf", "googleapis-common-protos", "msgpack", "typing-extensions", "hatchling", "matplotlib", "py-spy")
LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "redis": ("redis",),
    "postgres": ("psycopg[binary]",),
    "nats": ("nats-py",),
    "etcd": ("aetcd",),
    "langgraph": ("langgraph-checkpoint-sqlite",),
    "adk": ("google-adk", "sqlalchemy[asyncio]", "aiosqlite"),
    "agents": ("openai-agents",),
    "diskcache": ("diskcache",),
}
#: Debian asks this file whether a service may start by itself; a benchmark starts what it needs, and nothing else.
_POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Interpreter:
    """A Python with the peers' libraries, and why what is missing is missing, by program or library."""

    path: Path
    gaps: Mapping[str, str]

    @property
    def gaps_text(self) -> str:
        """The gaps as an environment variable carries them."""
        return json.dumps(dict(self.gaps))


def find_program(name: str) -> str | None:
    """Where a program is, also where Debian keeps programs that are not on everybody's path."""
    folders = ("/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)))
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *folders)))


def install() -> Interpreter:
    """Installs what is missing. Raises CalledProcessError when not even what every row needs can be had."""
    gaps = _install_programs()
    state = hashlib.sha256(LOCK.read_bytes() + (CLIENT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENVIRONMENT / ".setup-hash"
    if stamp.exists() and stamp.read_text() == state:
        return Interpreter(PYTHON, gaps)
    print("bench: installing the peers' libraries into .venv-bench", flush=True)
    failed = _install_libraries()
    if not failed:
        stamp.write_text(state)
    return Interpreter(PYTHON, gaps | failed)


def _install_programs() -> dict[str, str]:
    missing = {program: package for program, package in PROGRAMS.items() if find_program(program) is None}
    if not missing:
        return {}
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return {program: f"{program} is not installed, and only root can install {package}" for program, package in missing.items()}
    print(f"bench: installing {', '.join(missing.values())}", flush=True)
    with _no_services():
        _apt_get("update")
        for package in missing.values():
            _apt_get("install", "--yes", "--no-install-recommends", package)
    return {program: f"apt-get could not install {package}" for program, package in missing.items() if find_program(program) is None}


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", *arguments], env=environment, check=False, stdout=subprocess.DEVNULL)


@contextmanager
def _no_services() -> Iterator[None]:
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def _install_libraries() -> dict[str, str]:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    if _pip("--requirement", str(LOCK)):
        failed: dict[str, str] = {}
    else:
        _pip(*NEEDED, check=True)
        failed = {name: f"pip could not install {', '.join(wanted)}" for name, wanted in LIBRARIES.items() if not _pip(*wanted)}
    _pip("--no-deps", "--no-build-isolation", "--editable", str(CLIENT), check=True)
    return failed


def _pip(*arguments: str, check: bool = False) -> bool:
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--constraint", str(LOCK)]
    return subprocess.run([*pip, *arguments], check=check).returncode == 0
