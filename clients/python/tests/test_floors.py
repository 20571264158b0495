"""The lowest versions that pyproject.toml allows are those that the stubs were generated for."""

import re
import tomllib
from pathlib import Path

import session_bridge

STUBS = Path(session_bridge.__file__).parent / "v1"
PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def floor(package: str) -> str:
    dependencies: list[str] = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    (found,) = [match[1] for line in dependencies if (match := re.match(rf"{package}>=([\d.]+)", line))]
    return found


def test_the_floor_of_protobuf_is_the_stamp_of_the_messages() -> None:
    stamps = {
        match
        for path in STUBS.glob("*_pb2.py")
        for match in re.findall(r"Protobuf Python Version: ([\d.]+)", path.read_text())
    }
    assert stamps == {floor("protobuf")}


def test_the_floor_of_grpcio_is_the_stamp_of_the_services() -> None:
    paths = [*STUBS.glob("*_pb2_grpc.py")]
    stamps = {match for path in paths for match in re.findall(r"GRPC_GENERATED_VERSION = '([\d.]+)'", path.read_text())}
    assert stamps == {floor("grpcio")}
