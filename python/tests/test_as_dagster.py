"""`treadle.as_dagster`: Dagster's names mean Treadle; what Treadle does not have says so."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import treadle

ROOT = Path(__file__).resolve().parents[2]


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def program(folder: Path, text: str, *arguments: str) -> str:
    (folder / "program.py").write_text(text)
    done = python(folder, "-m", "treadle.as_dagster", "program.py", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def told(folder: Path, statement: str) -> str:
    (folder / "program.py").write_text(statement)
    done = python(folder, "-m", "treadle.as_dagster", "program.py")
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_a_program_of_dagster_runs(tmp_path: Path) -> None:
    text = """
import sys
import dagster as dg
from dagster import asset, materialize
from dagster._core.definitions.decorators.asset_decorator import asset as inner
from dagster_wandb.resources import wandb_resource

@asset
def one():
    return 1

assert inner is asset and dg.asset is asset and __name__ == "__main__"
print(materialize([one]).asset_value("one"), sys.argv[1:])
"""
    assert program(tmp_path, text, "a", "-b") == "1 ['a', '-b']"


def test_a_module_runs_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("import sys, dagster; print(dagster.asset.__module__, sys.argv[1:])")
    done = python(tmp_path, "-m", "treadle.as_dagster", "-m", "tool", "x")
    assert done.stdout.strip() == "treadle._assets.decorators ['x']"


def test_all_names_come_with_a_star(tmp_path: Path) -> None:
    assert program(tmp_path, "from dagster import *\nprint(Definitions.__name__)") == "Definitions"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("from dagster import StepLauncher", "StepLauncher is not in Treadle."),
        ("import dagster as dg; dg.StepLauncher", "docs/dagster-compatibility.md"),
        ("from dagster import asste", "Neither Dagster 1.13.29 nor Treadle has the name 'dagster.asste'."),
        ("import dagster._core.nothing.here", "dagster._core.nothing is not in Treadle."),
        ("from dagster_wandb import nothing", "dagster_wandb.nothing is not in Treadle"),
        ("from dagster.components import Component", "declare assets in Python"),
    ],
)
def test_a_name_that_is_not_there_says_so(tmp_path: Path, statement: str, error: str) -> None:
    assert error in told(tmp_path, statement)


def test_the_private_modules_public_code_imports_from_are_there(tmp_path: Path) -> None:
    text = (
        "from dagster import _check as check\n"
        "from dagster._core.storage.tags import PARTITION_NAME_TAG\n"
        "from dagster._core.test_utils import environ\n"
        "import os\n"
        "with environ({'A_B': 'c', 'PATH': None}):\n"
        "    print(PARTITION_NAME_TAG, os.environ['A_B'], 'PATH' in os.environ)\n"
        "try: check.opt_sequence_param('x', 'names', of_type=str)\n"
        "except check.ParameterCheckError as e: print(e)\n"
    )
    assert program(tmp_path, text).splitlines() == [
        "dagster/partition c False",
        "Param \"names\" is not a Sequence. Got 'x' which is type <class 'str'>. str is a disallowed Sequence"
        " type due to its likeliness to cause bugs.",
    ]


def test_a_private_name_that_is_not_there_can_be_named_and_not_used(tmp_path: Path) -> None:
    text = (
        "from dagster._core.snap import JobSnap\n"
        "from dagster_shared.ipc import open_ipc_subprocess as opened\n"
        "def told(snap: JobSnap | None, others: list[JobSnap]) -> None: ...\n"
        "print(isinstance(1, JobSnap))\n"
        "for use in (lambda: JobSnap(), lambda: JobSnap.name, lambda: type('X', (JobSnap,), {}), opened):\n"
        "    try: use()\n"
        "    except ImportError as e: print(e.__class__.__name__, 'is not in Treadle' in str(e))\n"
    )
    assert program(tmp_path, text).splitlines() == ["False", *["NotInTreadleError True"] * 4]


def test_the_real_dagster_must_not_be_loaded_already(tmp_path: Path) -> None:
    text = (
        "import sys, types; sys.modules['dagster'] = types.ModuleType('dagster'); import treadle.as_dagster"
    )
    done = python(tmp_path, "-c", text)
    assert "dagster is already imported" in done.stderr


def test_an_installed_sdk_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "wandb").mkdir()
    program_text = (
        "import wandb; print(wandb.__name__, getattr(wandb, 'mine', None), wandb.Artifact.__module__)"
    )
    if importlib.util.find_spec("wandb") is None:
        assert program(tmp_path, program_text) == "wandb None treadle.wandb._artifact"
    (tmp_path / "wandb" / "__init__.py").write_text("mine = 1\nclass Artifact: __module__ = 'installed'")
    assert program(tmp_path, program_text) == "wandb 1 installed"


PIPELINE = "import dagster\n@dagster.asset\ndef one(): return dagster.__name__ and dagster.asset.__module__\n"


def test_the_command_line_brings_dagster_when_told_or_when_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "treadle.toml").write_text("as_dagster = true\n")
    done = python(tmp_path, "-m", "treadle", "materialize", "-f", "pipeline.py")
    assert done.returncode == 0, done.stderr
    if importlib.util.find_spec("dagster") is None:
        (tmp_path / "treadle.toml").write_text("")
        done = python(tmp_path, "-m", "treadle", "materialize", "-f", "pipeline.py")
        assert done.returncode == 0, done.stderr


def test_the_page_of_names_is_current() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(treadle.__file__).parents[1])}
    command = [sys.executable, str(ROOT / "python" / "compatibility.py"), "--check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_list_of_names_is_dagsters() -> None:
    named = os.environ.get("TREADLE_DAGSTER_PYTHON")
    if named is None and importlib.util.find_spec("dagster") is None:
        pytest.skip("Dagster is not installed")
    from treadle._dagster.names import NAMES

    text = (
        "import dagster, types; print(*(n for n in dir(dagster) if not n.startswith('_')"
        " and not isinstance(getattr(dagster, n), types.ModuleType)))"
    )
    done = subprocess.run([named or sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == NAMES


SHOP = """
from dataclasses import dataclass
from typing import Optional
import dagster as dg
from dagster import AssetAttributesModel, ConfigurableResource
from dagster._grpc.types import ExecuteRunArgs
from dagster.components import Component, Resolvable, scaffold_with
from dagster.components.scaffold.scaffold import Scaffolder

class ShopScaffolder(Scaffolder): ...

@scaffold_with(ShopScaffolder)
@dataclass
class ShopComponent(Component, Resolvable):
    given: Optional[AssetAttributesModel] = None
    more: AssetAttributesModel | None = None

@dataclass
class Settings(Resolvable):
    size: int = 1

class ShopResource(ConfigurableResource):
    name: str

def launch():
    return ExecuteRunArgs(run_id="x")
"""


def test_an_installed_package_may_declare_with_names_that_are_not_there(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "dagster_shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SHOP)
    text = """
import sys
sys.path.insert(0, "site-packages")
import dagster as dg
import dagster_shop

@dg.asset
def one(shop: dagster_shop.ShopResource): return shop.name, dagster_shop.Settings(size=2).size

print(dg.materialize([one], resources={"shop": dagster_shop.ShopResource(name="x")}).output_for_node("one"))
for use in (dagster_shop.launch, dagster_shop.ShopComponent):
    try: use()
    except ImportError as e: print(e)
try: from dagster import AssetAttributesModel
except ImportError as e: print(e)
"""
    told = program(tmp_path, text).splitlines()
    assert told[0] == "('x', 2)"
    assert told[1].startswith("dagster._grpc.types.ExecuteRunArgs is not in Treadle.")
    assert told[2].startswith("ShopComponent cannot be used: dagster.components.Component is not in Treadle.")
    assert told[3].startswith("dagster.AssetAttributesModel is not in Treadle.")


def test_the_model_that_libraries_derive_from_is_strict(tmp_path: Path) -> None:
    text = (
        "from dagster_shared.dagster_model import DagsterModel\n"
        "class Point(DagsterModel):\n    x: int\n    y: int = 2\n"
        "print(Point(x=1).model_copy(update={'y': 3}))\n"
        "for change in (lambda: setattr(Point(x=1), 'x', 2), lambda: Point(x=1, z=2)):\n"
        "    try: change()\n"
        "    except ValueError as e: print(type(e).__name__)\n"
    )
    assert program(tmp_path, text).splitlines() == ["x=1 y=3", "ValidationError", "ValidationError"]


def test_a_package_that_asks_for_a_name_of_another_release_gets_its_default(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "integration"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import dagster\n"
        "interval = getattr(dagster, 'NAME_OF_ANOTHER_RELEASE', 300)\n"
        "from dagster._core.storage.event_log.base import EventLogStorage\n"
        "abstract = frozenset(EventLogStorage.__abstractmethods__)\n"
    )
    code = "import treadle.as_dagster, integration; print(integration.interval, len(integration.abstract))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{package.parent}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "300 0\n", done.stderr


def test_a_resource_that_is_marked_stays_one(tmp_path: Path) -> None:
    told = program(
        tmp_path,
        "import dagster as dg\n"
        "from dagster._annotations import beta\n"
        "@beta\n"
        "@dg.resource(config_schema={'url': str})\n"
        "def marked(context):\n"
        "    yield context.resource_config['url']\n"
        "@dg.op(required_resource_keys={'marked'})\n"
        "def use(context):\n"
        "    return context.resources.marked\n"
        "@dg.job(resource_defs={'marked': marked.configured({'url': 'here'})})\n"
        "def using():\n"
        "    use()\n"
        "print(using.execute_in_process().output_for_node('use'))\n",
    )
    assert told.splitlines()[-1] == "here"
