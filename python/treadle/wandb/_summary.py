"""run.summary: the values a run is known by; the last ones logged, unless set or defined otherwise."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from treadle import _core

_OWN = ("_core", "_read", "_set")


class Summary:
    """A dictionary over what has been logged; also by attribute, nested ones too."""

    def __init__(
        self, core: _core.Summarizer, to_json: Callable[[str, Any], Any], changed: Callable[[], None]
    ) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_to_json", to_json)
        object.__setattr__(self, "_changed", changed)

    _core: _core.Summarizer
    _to_json: Callable[[str, Any], Any]
    _changed: Callable[[], None]

    def _as_dict(self) -> dict[str, Any]:
        import json

        found: dict[str, Any] = json.loads(self._core.summary())
        return found

    def __getitem__(self, key: str) -> Any:
        value = self._as_dict()[key]
        return SummarySubDict(self, key, value) if _is_plain_dict(value) else value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError as error:
            raise AttributeError(f"the run's summary has no {key!r}") from error

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __setattr__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._core.remove(key)
        self._changed()

    def __contains__(self, key: object) -> bool:
        return key in self._as_dict()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __repr__(self) -> str:
        return repr(self._as_dict())

    def keys(self) -> list[str]:
        return [k for k in self._as_dict() if k != "_wandb"]

    def items(self) -> list[tuple[str, Any]]:
        return [(k, self[k]) for k in self.keys()]

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def update(self, d: Any = None, **more: Any) -> None:
        import json

        given = {**(dict(d) if d else {}), **more}
        said = {str(key): self._to_json(str(key), value) for key, value in given.items()}
        self._core.set(json.dumps(said))
        self._changed()


class SummarySubDict(dict[str, "Any"]):
    """A nested dictionary of a summary: setting a key of it sets it in the run."""

    def __init__(self, summary: Summary, key: str, items: dict[str, Any]) -> None:
        super().__init__(items)
        self._summary = summary
        self._key = key

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._summary.update({self._key: dict(self)})

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError as error:
            raise AttributeError(key) from error


def _is_plain_dict(value: Any) -> bool:
    return isinstance(value, dict) and "_type" not in value
