"""The cache of what was read: full of what readers hold, and under several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from treadle import DagsterInstance
from treadle.wandb import Api, Artifact
from treadle.wandb._cache import Cache

FILES = 4
SIZE = 20_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Eight versions of four files each."""
    instance = DagsterInstance.from_home(str(tmp_path / "home"))
    store = Api(instance=instance)._store()
    for version in range(8):
        artifact = Artifact("data", "dataset")
        for name in range(FILES):
            with artifact.new_file(f"deep/{name}", mode="wb") as file:
                file.write(bytes([version, name]) * (SIZE // 2))
        artifact._log(store, (), (), "")
    return tmp_path / "home"


def size_of(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.glob("*/files/**/*") if f.is_file())


# Holds one version for as long as its stdin is open.
HOLDER = """
import sys
from treadle import DagsterInstance
from treadle.wandb import Api

print(Api(instance=DagsterInstance.from_home(sys.argv[1])).artifact(sys.argv[2]).download(), flush=True)
sys.stdin.read()
"""


def read_once(home: Path, name: str, env: dict[str, str] | None = None) -> None:
    """In a process that then ends, and holds nothing any more."""
    words = [sys.executable, "-c", HOLDER, str(home), name]
    subprocess.run(words, env=env, check=True, timeout=60, stdin=subprocess.DEVNULL)


# Reads whole versions again and again, and says when one was not what it should be.
READER = """
import os, random, sys
from treadle import DagsterInstance
from treadle.wandb import Api

api = Api(instance=DagsterInstance.from_home(sys.argv[1]))
chance = random.Random(int(sys.argv[2]))
for _ in range(40):
    version = chance.randrange(8)
    folder = api.artifact(f"data:v{version}").download()
    for name in range(4):
        with open(os.path.join(folder, "deep", str(name)), "rb") as file:
            assert file.read() == bytes([version, name]) * 10_000, (version, name)
"""


def test_processes_that_read_at_once_each_get_what_they_read(home: Path) -> None:
    limit = 3 * FILES * SIZE  # three versions, for eight that six processes read
    env = {**os.environ, "TREADLE_CACHE_SIZE": str(limit)}
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(home), str(seed)], env=env, stderr=subprocess.PIPE
        )
        for seed in range(6)
    ]
    for reader in readers:
        _, said = reader.communicate(timeout=120)
        assert reader.returncode == 0, said.decode()
    # All readers are gone: with one more read what is over the limit goes.
    instance = DagsterInstance.from_home(str(home))
    later = Artifact("later", "dataset")
    with later.new_file("a", mode="w") as file:
        file.write("a")
    later._log(Api(instance=instance)._store(), (), (), "")
    read_once(home, "later", env)
    assert size_of(home / "cache" / "artifacts") <= limit


def test_a_cache_full_of_what_readers_hold_takes_nothing_from_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 3 * FILES * SIZE
    monkeypatch.setenv("TREADLE_CACHE_SIZE", str(limit))
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home), f"data:v{v}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for v in range(3)
    ]
    held = []
    for holder in holders:
        assert holder.stdout is not None
        held.append(Path(holder.stdout.readline().strip()))
    # There is no room, and nothing that may go: what is asked for is read all the same.
    read_once(home, "data:v5")
    for version, folder in enumerate(held):
        assert (folder / "deep/0").read_bytes() == bytes([version, 0]) * (SIZE // 2)
    for holder in holders:
        holder.communicate(timeout=60)
    read_once(home, "data:v6")
    assert size_of(home / "cache" / "artifacts") <= limit


def test_the_io_managers_cache_is_cleaned_by_the_last_who_reads(tmp_path: Path) -> None:
    def fill(name: str) -> Path:
        place = Path(Cache(str(tmp_path), 60).folder, "artifacts", name)
        place.mkdir(parents=True)
        (place / "f").write_bytes(bytes(600_000))
        return place

    first, second = (Cache(str(tmp_path), 60, megabytes=1) for _ in range(2))
    first.hold()
    second.hold()
    places = [fill(f"v{n}") for n in range(3)]
    first.close()
    assert all((place / "f").exists() for place in places)
    second.close()
    assert [place.exists() for place in places].count(True) == 1
