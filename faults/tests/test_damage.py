"""A file that was damaged while no server had it open, and a file that somebody has open."""

import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import files
import pytest
from carriers import Name, carrier_of
from load import REMEMBERING, Load, writers
from processes import COMMAND, ENVIRONMENT, NODE, Server
from wire import Client, Refused

START_SECONDS = 60


def refused_start(database: Path) -> str:
    """The one line of a start that is refused."""
    command: list[str | Path] = [NODE, COMMAND, "serve", "--listen", "127.0.0.1:0", "--store", f"sqlite:{database}"]
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, text=True, timeout=START_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Load, Path]]:
    """A store that was stopped cleanly, and what is in it."""
    database = tmp_path_factory.mktemp("whole") / "sessions.db"
    server = Server(database, REMEMBERING)
    with Load(writers(3, 7)) as load:
        load.start(server.address, most=60)
        load.join()
        with Client(server.address) as client:
            load.settle(client)
        assert server.stop() == 0
        server.close()
        yield load, database


def damage(database: Path, chance: random.Random) -> str:
    """Flips a few bytes, overwrites a page or cuts the end off; says which."""
    content = bytearray(database.read_bytes())
    kind = chance.choice(["bits", "bits", "bits", "page", "end"])
    if kind == "bits":
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == "page":
        start = chance.randrange(len(content) // 4096) * 4096
        content[start : start + 4096] = chance.randbytes(4096)
    else:
        del content[chance.randrange(1, len(content)) :]
    database.write_bytes(content)
    return kind


def test_a_damaged_file_is_refused_untouched_or_gives_no_wrong_value(
    whole: tuple[Load, Path], tmp_path: Path, rounds: int, seed: int
) -> None:
    """[P21] One clear line and exit code 1, or every value that is read is right and what is damaged is DATA_LOSS."""
    load, database = whole
    chance = random.Random(seed)
    outcomes = {"refused": 0, "lost": 0, "right": 0}
    # Each takes two starts.
    for number in range(max(12, rounds // 2)):
        copied = files.copy(database, tmp_path / f"damaged-{number}")
        damage(copied, chance)
        damaged = copied.read_bytes()
        try:
            server = Server(copied)
        except AssertionError:
            assert str(copied) in refused_start(copied)
            assert copied.read_bytes() == damaged
            outcomes["refused"] += 1
        else:
            codes = refusals(load, server, carrier_of(number))
            server.close()
            # A session that cannot be loaded is refused as the store's failure, a value that cannot as lost.
            assert codes <= {"DATA_LOSS"}
            outcomes["lost" if codes else "right"] += 1
        shutil.rmtree(copied.parent)
    print(outcomes)
    assert outcomes["refused"] > 0


def refusals(load: Load, server: Server, carrier: Name) -> set[str]:
    """With what codes reading was refused; what could be read is compared."""
    codes: set[str] = set()
    with Client(server.address, carrier) as client:
        for line in (line for writer in load.writers for line in writer.lines):
            for name, expected in line.moments[-1].held.items():
                try:
                    found = client.get(line.session, name)
                except Refused as refused:
                    codes.add(refused.code)
                else:
                    assert found == expected, f"{line.session} {name}"
    return codes


def test_a_second_server_on_one_file_is_refused_and_told_whose_it_is(server: Server, tmp_path: Path) -> None:
    """The first one works on; once it is gone, killed or not, the file is free."""
    database = tmp_path / "sessions.db"
    line = refused_start(database)
    assert re.search(rf"the store {re.escape(str(database))} is in use by process {server.pid} on \S+ since ", line), line
    with Client(server.address) as client:
        assert client.serving()
        assert client.sessions() == []
