"""A server for each test, and the real SDK to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import SDK_PYTHON, Sdk, Server, has_sdk


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home")
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="session")
def sdk_installed() -> None:
    if not has_sdk():
        pytest.skip(f"there is no wandb for {SDK_PYTHON}: ./dev test installs it into build/peer")


@pytest.fixture
def sdk(server: Server, tmp_path: Path, sdk_installed: None) -> Sdk:
    folder = tmp_path / "work"
    folder.mkdir()
    return Sdk(server, folder)
