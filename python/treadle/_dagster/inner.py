"""Dagster's private modules, as far as public code imports from them.

Such an import finds a view of Treadle: a name of Dagster's top level is Treadle's, a name in `NAMES` is what
it says there, any other name raises an error when it is asked for.
"""

from __future__ import annotations

# Modules that are modules of Treadle.
WHOLE = {
    "dagster._check": "treadle._dagster.check",
    "dagster._check.functions": "treadle._dagster.check",
    "dagster._time": "treadle._dagster.time",
    "dagster._core.storage.tags": "treadle._dagster.tags",
    "dagster._core.errors": "treadle._errors",
}

# Name: the module of Treadle that has it, whichever private module of Dagster it is asked of.
NAMES = {
    name: module
    for module, names in {
        "treadle._dagster.testing": "environ ignore_warning new_cwd raise_exception_on_warnings",
        "treadle._dagster.check": "CheckError ElementCheckError NotImplementedCheckError ParameterCheckError",
    }.items()
    for name in names.split()
}


_modules: set[str] = set()


def is_inner(module: str) -> bool:
    """Whether Dagster has such a private module."""
    if not module.startswith("dagster._"):
        return False
    if not _modules:
        from treadle._dagster.inner_modules import MODULES

        for package, names in MODULES.items():
            before = f"dagster.{package}." if package else "dagster."
            _modules.update(before + name for name in names.split())
    return module in _modules
