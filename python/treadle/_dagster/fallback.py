"""The last resort of `import dagster`: where none is installed, Treadle is meant."""

from __future__ import annotations

import sys

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any


class _Fallback:
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in ("dagster", "dagster_wandb"):
            return None
        from treadle._dagster import finder

        sys.meta_path.remove(self)
        finder.install()
        return finder.find_spec(name)


def install() -> None:
    """Asked after every other finder, so an installed Dagster wins."""
    remove()
    sys.meta_path.append(_Fallback())


def remove() -> None:
    """When nothing was found by it; what was stays."""
    for finder in [f for f in sys.meta_path if isinstance(f, _Fallback)]:
        sys.meta_path.remove(finder)
