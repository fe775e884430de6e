"""run.config: what a run was given, by key or attribute."""

from __future__ import annotations

import sys

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_OWN = ("_items", "_changed")


class Config:
    """A dictionary that is written to the run when it changes. A key keeps its value unless
    `allow_val_change` is said.
    """

    def __init__(self, items: dict[str, Any], changed: Callable[[dict[str, Any]], None]) -> None:
        object.__setattr__(self, "_items", items)
        object.__setattr__(self, "_changed", changed)

    _items: dict[str, Any]
    _changed: Callable[[dict[str, Any]], None]

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self._items[key]
        except KeyError as error:
            raise AttributeError(f"the run's config has no {key!r}: it has {sorted(self.keys())}") from error

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __setattr__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __repr__(self) -> str:
        return repr(self.as_dict())

    def keys(self) -> list[str]:
        return [k for k in self._items if k != "_wandb"]

    def values(self) -> list[Any]:
        return [self._items[k] for k in self.keys()]

    def items(self) -> list[tuple[str, Any]]:
        return [(k, self._items[k]) for k in self.keys()]

    def get(self, key: str, default: Any = None) -> Any:
        return self._items.get(key, default)

    def as_dict(self) -> dict[str, Any]:
        return dict(self.items())

    def update(self, d: Any, allow_val_change: bool | None = None) -> None:
        given = config_values(d)
        if not allow_val_change:
            for key, value in given.items():
                if key in self._items and self._items[key] != value:
                    raise ConfigError(
                        f'Attempted to change value of key "{key}" from {self._items[key]} to {value}\n'
                        "If you really want to do this, pass allow_val_change=True to config.update()"
                    )
        self._items.update(given)
        if given:
            self._changed(given)

    def setdefaults(self, d: Any) -> None:
        given = {k: v for k, v in config_values(d).items() if k not in self._items}
        self._items.update(given)
        if given:
            self._changed(given)


def config_values(given: Any) -> dict[str, Any]:
    """A dictionary, a namespace of argparse, a dataclass or a path to a JSON or YAML file, as JSON."""
    from treadle.wandb._plain import plain

    if given is None:
        return {}
    if isinstance(given, str):
        return _read(given)
    if hasattr(given, "as_dict"):
        given = given.as_dict()
    elif not hasattr(given, "keys"):
        dataclasses = sys.modules.get("dataclasses")
        if dataclasses is not None and dataclasses.is_dataclass(given):
            given = dataclasses.asdict(given)
        elif hasattr(given, "flag_values_dict"):  # absl
            given = given.flag_values_dict()
        else:
            given = vars(given)
    return {str(key): plain(given[key]) for key in given}


def _read(path: str) -> dict[str, Any]:
    import json
    from importlib import import_module

    with open(path, encoding="utf-8") as file:
        text = file.read()
    loaded = json.loads(text) if path.endswith(".json") else import_module("yaml").safe_load(text)
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path}: a config file holds a dictionary, not {type(loaded).__name__}.")
    return {
        key: value["value"] if isinstance(value, dict) and "value" in value else value
        for key, value in loaded.items()
        if key not in ("_wandb", "wandb_version")
    }
