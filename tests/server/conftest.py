"""A server for each test, and the real SDK to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import DAGSTER_WANDB_PYTHON, SDK_PYTHON, SDKS, Sdk, Server, has_sdk


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


def sdk_of(python: Path, server: Server, folder: Path) -> Sdk:
    if not has_sdk(python):
        pytest.skip(f"there is no wandb for {python}: ./dev test installs it")
    folder.mkdir()
    return Sdk(server, folder, python=python)


@pytest.fixture(params=SDKS)
def each_sdk(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Sdk:
    """The SDK in every version that the server is tried with."""
    return sdk_of(SDKS[request.param], server, tmp_path / "work")


@pytest.fixture
def dagster_wandb(server: Server, tmp_path: Path) -> Sdk:
    """The real Dagster with the real dagster-wandb."""
    return sdk_of(DAGSTER_WANDB_PYTHON, server, tmp_path / "work")
