"""Values of inputs as the run's configuration writes them, by the names of their types."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_FROM_CONFIG = ("Any", "Int", "Float", "String", "Bool")


def is_loadable(label: str) -> bool:
    """Whether values of a type can be written in configuration: scalars, lists of such, and None."""
    if label.endswith("?"):
        return is_loadable(label[:-1])
    if label.startswith("[") and label.endswith("]"):
        return is_loadable(label[1:-1])
    return label in _FROM_CONFIG or is_dict(label)


def is_dict(label: str) -> bool:
    """Whether values of a type are dictionaries, which configuration writes as they are."""
    return label in ("dict", "Dict") or label.startswith("Dict[")


def written_value(value: Any, label: str) -> Any:
    """The value that the run's configuration writes so, for an input that nothing is wired to."""
    if label.endswith("?"):
        return None if value is None else written_value(value, label[:-1])
    if label.startswith("[") and isinstance(value, list):
        return [written_value(one, label[1:-1]) for one in value]
    if isinstance(value, dict) and len(value) == 1 and not is_dict(label):
        if "value" in value:
            return value["value"]
        if isinstance(value.get("json"), dict):
            import json

            with open(value["json"]["path"]) as file:
                return json.load(file)["value"]
        if isinstance(value.get("pickle"), dict):
            import pickle

            with open(value["pickle"]["path"], "rb") as pickled:
                return pickle.load(pickled)
    return value
