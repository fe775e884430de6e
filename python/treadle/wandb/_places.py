"""Which entity and project an executed run uses, as its IO manager says."""

from __future__ import annotations

_MOST = 1000
_places: dict[str, tuple[str, str]] = {}


def note(run_id: str, entity: str, project: str) -> None:
    while len(_places) >= _MOST:
        _places.pop(next(iter(_places)))
    _places[run_id] = (entity, project)


def of(run_id: str) -> tuple[str, str] | None:
    return _places.get(run_id)
