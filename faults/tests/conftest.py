"""Options of the runs, and servers on files of their own."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import shim
from processes import Server

# A change is judged by the same faults each time; chance is for `npm run faults`.
CI_SEED = 20_261_122


def pytest_addoption(parser: pytest.Parser) -> None:
    usual = 50 if os.environ.get("CI") else 12
    parser.addoption("--rounds", type=int, default=usual, help=f"how often a server is killed, and how many cuts there are; {usual}")
    parser.addoption(
        "--seed", type=int, default=None, help="repeats a run; when left out, CI takes the same one each time, and others draw one"
    )

    parser.addoption("--all", action="store_true", help="every call of the storage fails in turn, and not only some of them")


@pytest.fixture
def every_call(request: pytest.FixtureRequest) -> bool:
    """Whether no call of the storage is left out."""
    found: bool = request.config.getoption("--all")
    return found


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    found: int = request.config.getoption("--rounds")
    return found


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--seed")
    drawn = CI_SEED if os.environ.get("CI") else random.SystemRandom().randrange(10**6)
    found = drawn if given is None else given
    print(f"--seed {found}")
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "sessions.db")
    yield server
    server.close()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.build(tmp_path_factory.mktemp("shim"))
