"""A floor: the bytes of a value at the end of a file, and on the disk (fdatasync), without any server."""

import os
from pathlib import Path
from typing import Any

import msgpack

from ..adapter import Adapter


class Disk(Adapter):
    """One file; threads share it."""

    def open(self, target: str) -> None:
        """Makes a file in a directory."""
        self._file = os.open(Path(target) / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def set(self, name: str, value: Any) -> None:
        """Appends and syncs."""
        os.write(self._file, msgpack.packb(value))
        os.fdatasync(self._file)
