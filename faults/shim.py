"""The shim between a server and its file: building it, arming its faults. shim/shim.c has the other half of every format here."""

import errno
import mmap
import os
import shutil
import struct
import subprocess
import sys
from enum import IntFlag
from pathlib import Path

SOURCE = Path(__file__).parent / "shim" / "shim.c"
MISSING = "the shim needs gcc on Linux"
AVAILABLE = sys.platform == "linux" and shutil.which("gcc") is not None

EIO, ENOSPC, EAGAIN = errno.EIO, errno.ENOSPC, errno.EAGAIN
# Not errors of a call: a read that gives back nonsense, and a sync after which the process is killed.
GARBLED, KILLED = 1 << 16, (1 << 16) + 1
ALWAYS = 2**32 - 1
_CONTROL = struct.Struct("=6I")


class File(IntFlag):
    """The watched files, as masks."""

    DATABASE = 1 << 1
    WAL = 1 << 2
    ROLLBACK = 1 << 3
    SHM = 1 << 4
    DIRECTORY = 1 << 5


class Call(IntFlag):
    """The calls that can fail, as masks."""

    OPEN = 1 << 0
    READ = 1 << 1
    WRITE = 1 << 2
    SYNC = 1 << 3
    TRUNCATE = 1 << 4
    UNLINK = 1 << 5
    LOCK = 1 << 6


EVERY_CALL = Call.OPEN | Call.READ | Call.WRITE | Call.SYNC | Call.TRUNCATE | Call.UNLINK
EVERY_FILE = File.DATABASE | File.WAL | File.ROLLBACK | File.SHM | File.DIRECTORY


def build(folder: Path) -> Path:
    """Compiles the shim into a folder."""
    library = folder / "shim.so"
    command: list[str | Path] = [
        "gcc",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        library,
        SOURCE,
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(command, check=True)
    return library


def environment(library: Path, database: Path, *, journal: Path | None = None, control: "Control | None" = None) -> dict[str, str]:
    """What a process is started with so that its calls on this database go through the shim."""
    found = {"LD_PRELOAD": str(library), "FAULTS_DATABASE": str(database)}
    if journal is not None:
        found["FAULTS_JOURNAL"] = str(journal)
    if control is not None:
        found["FAULTS_CONTROL"] = str(control.path)
    return found


class Control:
    """Faults that can be armed and ended while the process runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(_CONTROL.size))
        with path.open("r+b") as file:
            self._block = mmap.mmap(file.fileno(), _CONTROL.size)

    def arm(self, calls: Call, files: File, error: int, *, skip: int = 0, times: int = ALWAYS) -> None:
        """Every such call on such a file fails, after the first `skip` of them and for `times`."""
        self.disarm()
        # The calls last: they are what arms it.
        struct.pack_into("=5I", self._block, 4, files, skip, times, error, 0)
        struct.pack_into("=I", self._block, 0, calls)

    def disarm(self) -> None:
        """Nothing fails any more."""
        struct.pack_into("=I", self._block, 0, 0)

    @property
    def failed(self) -> int:
        """How many calls have failed since it was armed."""
        number: int = _CONTROL.unpack_from(self._block)[5]
        return number

    def close(self) -> None:
        self._block.close()


def name_of(error: int) -> str:
    """EIO, ENOSPC and so on."""
    if error == GARBLED:
        return "GARBLED"
    return errno.errorcode.get(error, os.strerror(error))
