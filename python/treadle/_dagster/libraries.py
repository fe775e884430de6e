"""Which libraries for Dagster are loaded: they tell so when they are imported."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class DagsterLibraryRegistry:
    """`DagsterLibraryRegistry.register("dagster-shop", __version__)` in a library's `__init__`. The version
    is noted and not compared: a library of any release runs on Treadle.
    """

    _libraries: dict[str, str] = {}  # noqa: RUF012

    @classmethod
    def register(cls, name: str, version: str, *, is_dagster_package: bool = True) -> None:
        cls._libraries[name] = version

    @classmethod
    def get(cls) -> Mapping[str, str]:
        from treadle._dagster.finder import DAGSTER_VERSION

        return {"dagster": DAGSTER_VERSION, **cls._libraries}
