"""What is fresh and what is not, and why. Treadle's own: what `treadle status` says, for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.keys import AssetKey
    from treadle._definitions.definitions import Definitions
    from treadle._run.instance import DagsterInstance
    from treadle._typing import CoercibleToAssetSelection


@dataclass(frozen=True)
class Why:
    """A reason, with those that led to it, down to what has changed."""

    text: str
    because: tuple[Why, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> list[str]:
        return ["  " * depth + self.text, *(line for w in self.because for line in w._lines(depth + 1))]


@dataclass(frozen=True)
class StaleReason:
    """One reason to make an asset again. `kind`: never_materialized, code_changed, upstream_changed,
    upstream_stale, dependency_added, dependency_removed or artifact_gone; `from_version` and `to_version` are
    code or data versions, None where there is none."""

    kind: str
    text: str
    upstream: AssetKey | None
    from_version: str | None
    to_version: str | None
    partitions: tuple[tuple[str, str], ...] = ()  # ranges of keys for which it holds


@dataclass(frozen=True)
class PartitionsState:
    """Of a partitioned asset: ranges of keys, from the first to the last, by state."""

    count: int
    materialized: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...]
    stale: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AssetState:
    """`status`: fresh, stale, missing, partial, failed, check failed, unneeded or source."""

    asset_key: AssetKey
    status: str
    unneeded: bool
    made: datetime | None
    consumed: datetime | None  # when a run last read it
    failed_checks: tuple[str, ...]
    reasons: tuple[StaleReason, ...]
    partitions: PartitionsState | None
    why: tuple[Why, ...]  # all of it, as a tree


def asset_status(
    assets: Definitions | Sequence[AssetsDefinition],
    instance: DagsterInstance,
    selection: CoercibleToAssetSelection | None = None,
    unneeded_after: timedelta = timedelta(days=30),
) -> list[AssetState]:
    """Says of each (selected) asset whether what is kept follows from the code and inputs of now; why not."""
    import json

    from treadle._assets.selection import selection_text
    from treadle._definitions.definitions import Definitions

    definitions = assets if isinstance(assets, Definitions) else Definitions(assets=assets)
    after = unneeded_after // timedelta(microseconds=1)
    told = definitions._core().status(instance._home, selection_text(selection)._text, after)
    return [_state(a) for a in json.loads(told)["assets"]]


def _state(told: dict[str, Any]) -> AssetState:
    from treadle._assets.keys import AssetKey

    of = told["partitions"]
    reasons = told["reasons"] if of is None else of["reasons"]
    return AssetState(
        asset_key=AssetKey.from_user_string(told["asset"]),
        status=told["status"],
        unneeded=told["unneeded"],
        made=_time(told["made"]),
        consumed=_time(told["consumed"]),
        failed_checks=tuple(told["failed_checks"]),
        reasons=tuple(_reason(r) for r in reasons),
        partitions=None if of is None else _partitions(of),
        why=tuple(_why(w) for w in told["why"]),
    )


def _partitions(told: dict[str, Any]) -> PartitionsState:
    names = ("materialized", "missing", "failed", "stale")
    return PartitionsState(told["count"], *(_ranges(told[n]) for n in names))


def _reason(told: dict[str, Any]) -> StaleReason:
    from treadle._assets.keys import AssetKey

    upstream = AssetKey.from_user_string(told["upstream"]) if told["upstream"] else None
    ranges = _ranges(told.get("partitions", ()))
    return StaleReason(told["kind"], told["text"], upstream, told["from"], told["to"], ranges)


def _ranges(told: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, last) for first, last in told)


def _why(told: dict[str, Any]) -> Why:
    return Why(told["text"], tuple(_why(w) for w in told["because"]))


def _time(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told.replace("Z", "+00:00"))
