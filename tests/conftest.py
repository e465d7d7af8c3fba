"""What every test stands on: no network, a data folder of its own, tiny models."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub
os.environ["TOKENIZERS_PARALLELISM"] = "false"  # no warning when a test starts a process

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest


class NetworkUsed(AssertionError):
    """A test reached for something that is not this machine."""


def _local(family: int, address: Any) -> bool:
    if family == socket.AF_UNIX:
        return True
    host = address[0] if isinstance(address, tuple) else address
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections within this machine work, all others fail the test."""

    def guard(name: str) -> None:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if not _local(self.family, address):
                raise NetworkUsed(f"{name} to {address!r}: tests use no network")
            return original(self, address)

        monkeypatch.setattr(socket.socket, name, connect)

    guard("connect")
    guard("connect_ex")


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ZHENLU_DATA and the places where models are looked for, empty for every test; no other setting is inherited."""
    for name in [n for n in os.environ if n.startswith("ZHENLU_")] + ["HF_HUB_CACHE"]:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ZHENLU_DATA", str(home / "data"))
    monkeypatch.setenv("HF_HOME", str(home / "huggingface"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(home / "modelscope"))
    return home / "data"


@pytest.fixture(scope="session")
def m3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bge-m3; not to be changed."""
    from tests.checkpoints import write_m3

    return write_m3(tmp_path_factory.mktemp("models") / "tiny-m3")


@pytest.fixture(scope="session")
def m3_encoder(m3_folder: Path) -> Any:
    """An encoder of all three kinds with random weights."""
    from dashboard.checkpoint import open_checkpoint
    from dashboard.encoders.bge_m3 import M3Encoder

    return M3Encoder(open_checkpoint(m3_folder, "encoder"))
