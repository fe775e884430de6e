"""Which entity and project an executed run uses, as its IO manager says."""

from __future__ import annotations

_MOST = 1000
_places: dict[str, tuple[str, str]] = {}
_declared: set[tuple[str, str]] = set()


def note(run_id: str, entity: str, project: str) -> None:
    while len(_places) >= _MOST:
        _places.pop(next(iter(_places)))
    _places[run_id] = (entity, project)


def declare(entity: str, project: str) -> None:
    """An IO manager with this place was declared; it is made when a run first uses it."""
    _declared.add((entity, project))


def of(run_id: str) -> tuple[str, str] | None:
    """Of the run's manager, or of the only one that was declared."""
    found = _places.get(run_id)
    return next(iter(_declared)) if found is None and len(_declared) == 1 else found
