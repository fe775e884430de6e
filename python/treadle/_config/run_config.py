"""RunConfig, and configuration from files."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvariantViolationError, ParameterCheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class RunConfig:
    """A run's configuration: `RunConfig(ops={"model": ModelConfig(trees=20)})`."""

    def __init__(
        self,
        ops: dict[str, Any] | None = None,
        resources: dict[str, Any] | None = None,
        loggers: dict[str, Any] | None = None,
        execution: dict[str, Any] | None = None,
    ) -> None:
        sections = {"ops": ops, "resources": resources, "loggers": loggers, "execution": execution}
        for name, value in sections.items():
            if value is not None and not isinstance(value, dict):
                raise ParameterCheckError(
                    f'Param "{name}" is not a dict. Got {value!r} which is type {type(value)}.'
                )
        self.ops = ops or {}
        self.resources = resources or {}
        self.loggers = loggers or {}
        self.execution = execution or {}

    def to_config_dict(self) -> dict[str, Any]:
        """As YAML would say it."""
        return {
            "loggers": self.loggers,
            "resources": _plain(self.resources),
            "ops": _plain(self.ops),
            "execution": self.execution,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunConfig) and self.to_config_dict() == other.to_config_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"RunConfig({', '.join(f'{k}={v!r}' for k, v in self.to_config_dict().items() if v)})"


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        k: {"config": v._convert_to_config_dictionary()}
        if hasattr(v, "_convert_to_config_dictionary")
        else _plain(v)
        for k, v in value.items()
    }


def validate_run_config(job_def: Any, run_config: Any = None) -> Mapping[str, Any]:
    """The run configuration of a job with everything filled in, as a run would have it. Raises
    DagsterInvalidConfigError with all that is wrong.
    """
    checker = getattr(job_def, "_checked_run_config", None)
    if checker is None:
        raise ParameterCheckError(
            f'Param "job_def" is not a JobDefinition. Got {job_def!r} which is type {type(job_def)}.'
        )
    if run_config is not None and not isinstance(run_config, dict) and not isinstance(run_config, RunConfig):
        raise ParameterCheckError(
            f"Param \"run_config\" is not one of ['Mapping']. Got {run_config!r} which is type"
            f" {type(run_config)}."
        )
    return checker(run_config)  # type: ignore[no-any-return]


# --- files


def config_from_files(config_files: Iterable[str]) -> dict[str, Any]:
    """Run configuration from YAML files, in which patterns may stand; later ones win."""
    import os
    from glob import glob

    names: list[str] = []
    for pattern in config_files:
        found = sorted(glob(str(pattern)))
        if not found:
            raise DagsterInvariantViolationError(
                f'File or glob pattern "{pattern}" for "config_files" produced no results.'
            )
        names += [os.path.realpath(name) for name in found]
    texts = []
    for name in names:
        with open(name, encoding="utf-8") as file:
            texts.append((name, file.read()))
    return _merged(
        texts,
        lambda where: (
            f"Encountered error attempting to parse yaml. Parsing files {where} loaded by file/patterns"
            f" {list(config_files)}."
        ),
        names,
    )


def config_from_yaml_strings(yaml_strings: Iterable[str]) -> dict[str, Any]:
    """Run configuration from YAML texts; later ones win."""
    texts = [("", text) for text in yaml_strings]
    return _merged(
        texts,
        lambda _: f"Encountered error attempting to parse yaml. Parsing YAMLs {[t for _, t in texts]}.",
        [],
    )


def config_from_pkg_resources(pkg_resource_defs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Run configuration from YAML files of packages, given as pairs of a package and a file."""
    from importlib import resources

    given = list(pkg_resource_defs)
    texts = []
    for package, name in given:
        try:
            texts.append((name, resources.files(package).joinpath(name).read_text(encoding="utf-8")))
        except (ModuleNotFoundError, FileNotFoundError, UnicodeDecodeError, OSError) as e:
            raise DagsterInvariantViolationError(
                f"Encountered error attempting to parse yaml. Loading YAMLs from package resources {given}."
            ) from e
    return _merged(
        texts,
        lambda _: (
            f"Encountered error attempting to parse yaml. Loading YAMLs from package resources {given}."
        ),
        [],
    )


def _merged(texts: list[tuple[str, str]], describe: Any, names: list[str]) -> dict[str, Any]:
    try:
        import yaml
    except ImportError as e:
        raise ImportError("Reading configuration from YAML needs PyYAML: pip install PyYAML") from e

    merged: dict[str, Any] = {}
    for name, text in texts:
        try:
            loaded = yaml.safe_load(text)
        except yaml.YAMLError as e:
            raise DagsterInvariantViolationError(describe(names)) from e
        if loaded is None:
            loaded = {}
        if not isinstance(loaded, dict):
            raise CheckError(
                f'Invariant failed. Description: Expected YAML dictionary, instead got: "{loaded}"'
                + (f" in {name}" if name else "")
            )
        _merge(merged, loaded)
    return merged


def _merge(onto: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(onto.get(key), dict):
            _merge(onto[key], value)
        else:
            onto[key] = value
