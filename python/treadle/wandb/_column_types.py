"""What a table says about the types of its columns, in the SDK's words."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_NONE = {"wb_type": "none"}


def column_types(
    columns: Sequence[Any], data: Sequence[Sequence[Any]], mixed: bool, optional: bool | Sequence[bool] = True
) -> dict[str, Any]:
    """The "column_types" of a table's document. Raises TypeError when a column mixes types, unless it may."""
    found: dict[str, Any] = {}
    for at, name in enumerate(columns):
        may_lack = optional if isinstance(optional, bool) else optional[at]
        # An array says itself of what its elements are.
        arrays = any(hasattr(row[at], "tolist") for row in data)
        kinds = [_type_of(row[at]) for row in data]
        if mixed:
            found[str(name)] = _optional({"wb_type": "any"}) if may_lack else {"wb_type": "any"}
        else:
            found[str(name)] = _column(name, kinds, may_lack and not arrays)
    return {"params": {"type_map": found}, "wb_type": "typedDict"}


def _column(name: Any, kinds: Sequence[dict[str, Any]], may_lack: bool) -> dict[str, Any]:
    known: dict[str, Any] | None = None
    for row, kind in enumerate(kinds):
        if kind in (_NONE, known):
            continue
        if known is not None and kind["wb_type"] != known["wb_type"]:
            raise TypeError(
                f"The column {name!r} holds a {known['wb_type']} before row {row}, and a {kind['wb_type']}"
                " in it:"
                " make the values of a column alike, or the table with allow_mixed_types=True."
            )
        if known is None:
            known = kind
        elif known["wb_type"] == "list":
            known = _lists(known, kind)
        elif known["wb_type"] == "typedDict":
            known = {"wb_type": "typedDict"}  # of differing contents
    if known is None:
        return (
            _NONE
            if kinds
            else {"params": {"allowed_types": [_NONE, {"wb_type": "unknown"}]}, "wb_type": "union"}
        )
    return _optional(known) if may_lack or _NONE in kinds else known


def _optional(kind: dict[str, Any]) -> dict[str, Any]:
    """The type, or nothing; in the order of their names, lists last."""
    first = kind["wb_type"] < _NONE["wb_type"] and kind["wb_type"] != "list"
    both = [kind, _NONE] if first else [_NONE, kind]
    return {"params": {"allowed_types": both}, "wb_type": "union"}


def _elements(kinds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One type for the elements of a list."""
    found: list[dict[str, Any]] = []
    for kind in kinds:
        of = kind["params"]["allowed_types"] if kind["wb_type"] == "union" else [kind]
        found += [k for k in of if k not in found and k != {"wb_type": "unknown"}]
    known = [k for k in found if k != _NONE]
    if len(known) != 1:
        return {"wb_type": "unknown"}
    return _optional(known[0]) if len(found) > 1 else known[0]


def _lists(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    element = _elements([one["params"]["element_type"], other["params"]["element_type"]])
    return {"params": {"element_type": element, "length": other["params"]["length"]}, "wb_type": "list"}


def _type_of(value: Any) -> dict[str, Any]:
    from datetime import date

    from treadle.wandb._values import Image, Molecule, WBValue

    if value is None:
        return _NONE
    if isinstance(value, bool):
        return {"wb_type": "boolean"}
    if isinstance(value, (int, float)):
        return {"wb_type": "number"}
    if isinstance(value, str):
        return {"wb_type": "string"}
    if isinstance(value, date):
        return {"wb_type": "timestamp"}
    if isinstance(value, Image):
        return {"params": _IMAGE, "wb_type": "image-file"}
    if isinstance(value, Molecule):  # the SDK has no type for these
        return {"params": {"class_name": "Molecule"}, "wb_type": "pythonObject"}
    if isinstance(value, WBValue):
        return {"wb_type": value._log_type}
    if isinstance(value, dict):
        return {
            "params": {"type_map": {str(k): _type_of(v) for k, v in value.items()}},
            "wb_type": "typedDict",
        }
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        values = value.tolist() if hasattr(value, "tolist") else value
        kinds = [_type_of(v) for v in values]
        element = _elements(kinds)
        return {"params": {"element_type": element, "length": len(kinds)}, "wb_type": "list"}
    raise TypeError(
        f"A table cannot hold {value!r} of {type(value)}: use numbers, text, booleans, None, dates, lists,"
        " dictionaries and media."
    )


_IMAGE = {
    "box_class_maps": {"params": {"is_set": False, "val": {}}, "wb_type": "const"},
    "box_layers": {"params": {"is_set": False, "val": {}}, "wb_type": "const"},
    "box_score_keys": {"params": {"is_set": True, "val": []}, "wb_type": "const"},
    "class_map": {"params": {"is_set": False, "val": {}}, "wb_type": "const"},
    "mask_class_maps": {"params": {"is_set": False, "val": {}}, "wb_type": "const"},
    "mask_layers": {"params": {"is_set": False, "val": {}}, "wb_type": "const"},
}
