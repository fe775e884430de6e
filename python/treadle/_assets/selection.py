"""AssetSelection: which assets are meant, as text in the selection syntax. The core understands it; here it
is only put together.
"""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetKeyPrefix, CoercibleToAssetSelection


class AssetSelection:
    """A set of assets, known when it is applied to definitions: `AssetSelection.groups("raw").downstream() -
    AssetSelection.keys("x")`.

    Selecting assets selects the checks on them, unless `without_checks`.
    """

    __slots__ = ("_check_keys", "_text", "_with_checks")

    def __init__(
        self, text: str, with_checks: bool = True, check_keys: tuple[AssetCheckKey, ...] | None = None
    ) -> None:
        self._text = text
        self._with_checks = with_checks
        self._check_keys = check_keys  # only these checks and no asset; () = all checks

    def __repr__(self) -> str:
        return f"AssetSelection({self._text!r})"

    def __str__(self) -> str:
        return self._text

    def to_selection_str(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetSelection) and (self._text, self._with_checks, self._check_keys) == (
            other._text,
            other._with_checks,
            other._check_keys,
        )

    def __hash__(self) -> int:
        return hash((self._text, self._with_checks, self._check_keys))

    # --- making

    @staticmethod
    def all(include_sources: bool = False) -> AssetSelection:
        return AssetSelection("*")

    @staticmethod
    def keys(*asset_keys: CoercibleToAssetKey) -> AssetSelection:
        return AssetSelection.assets(*asset_keys)

    @staticmethod
    def assets(
        *assets_defs: AssetsDefinition | SourceAsset | AssetSpec | CoercibleToAssetKey,
    ) -> AssetSelection:
        keys: list[AssetKey] = []
        for given in assets_defs:
            if isinstance(given, AssetsDefinition):
                keys += [o.key for o in given._outputs]
            elif isinstance(given, (SourceAsset, AssetSpec)):
                keys.append(given.key)
            elif isinstance(given, str):
                keys.append(AssetKey.from_user_string(given))
            else:
                keys.append(AssetKey.from_coercible(given))
        return AssetSelection(_any_of(f"key:{_quoted(k.to_user_string())}" for k in keys))

    @staticmethod
    def groups(*group_strs: str, include_sources: bool = False) -> AssetSelection:
        return AssetSelection(_any_of(f"group:{_quoted(g)}" for g in group_strs))

    @staticmethod
    def key_prefixes(
        *key_prefixes: CoercibleToAssetKeyPrefix, include_sources: bool = False
    ) -> AssetSelection:
        texts = []
        for prefix in key_prefixes:
            parts = [prefix] if isinstance(prefix, str) else list(prefix)
            texts.append(f"key:{_quoted('/'.join(parts) + '/*')}")
        return AssetSelection(_any_of(texts))

    @staticmethod
    def key_substring(key_substring: str, include_sources: bool = False) -> AssetSelection:
        return AssetSelection(f"key:{_quoted(f'*{key_substring}*')}")

    @staticmethod
    def tag(key: str, value: str, include_sources: bool = False) -> AssetSelection:
        return AssetSelection(f"tag:{_quoted(key)}={_quoted(value)}" if value else f"tag:{_quoted(key)}")

    @staticmethod
    def tag_string(string: str, include_sources: bool = False) -> AssetSelection:
        key, _, value = string.partition("=")
        return AssetSelection.tag(key, value)

    @staticmethod
    def kind(kind: str | None, include_sources: bool = False) -> AssetSelection:
        return AssetSelection(f"kind:{_quoted(kind)}" if kind else "kind:<null>")

    @staticmethod
    def owner(owner: str | None) -> AssetSelection:
        return AssetSelection(f"owner:{_quoted(owner)}" if owner else "owner:<null>")

    @staticmethod
    def checks_for_assets(*assets_defs: AssetsDefinition | CoercibleToAssetKey) -> AssetSelection:
        """The checks on these assets, without the assets."""
        selected = AssetSelection.assets(*assets_defs)
        return AssetSelection(selected._text, True, ())

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        return AssetSelection("*", True, ())

    @staticmethod
    def checks(*assets_defs_or_check_keys: AssetsDefinition | AssetCheckKey) -> AssetSelection:
        """These checks, without the assets."""
        keys: list[AssetCheckKey] = []
        for given in assets_defs_or_check_keys:
            if isinstance(given, AssetCheckKey):
                keys.append(given)
            else:
                keys += [c.key for c in given._check_specs]
        return AssetSelection(
            _any_of(f"key:{_quoted(k.asset_key.to_user_string())}" for k in keys), True, tuple(keys)
        )

    @staticmethod
    def from_string(string: str, include_sources: bool = False) -> AssetSelection:
        return AssetSelection(string)

    @staticmethod
    def from_coercible(selection: CoercibleToAssetSelection) -> AssetSelection:
        if isinstance(selection, AssetSelection):
            return selection
        if isinstance(selection, str):
            return AssetSelection(selection)
        if isinstance(selection, (list, tuple, set, frozenset)):
            if all(isinstance(s, str) for s in selection):
                return AssetSelection(_any_of(f"({s})" if " " in s else s for s in selection))
            return AssetSelection.assets(*selection)
        raise CheckError(
            f"selection argument must be a str, a list of assets, or an AssetSelection, not {type(selection)}"
        )

    # --- combining

    def __or__(self, other: AssetSelection) -> AssetSelection:
        return self._with(f"{_operand(self._text)} or {_operand(_other(other)._text)}", other)

    def __and__(self, other: AssetSelection) -> AssetSelection:
        return self._with(f"{_operand(self._text)} and {_operand(_other(other)._text)}", other)

    def __sub__(self, other: AssetSelection) -> AssetSelection:
        return self._with(f"{_operand(self._text)} and not {_operand(_other(other)._text)}")

    def _with(self, text: str, other: AssetSelection | None = None) -> AssetSelection:
        if self._check_keys is not None or (other is not None and other._check_keys is not None):
            raise CheckError(
                "Selections of checks alone cannot be combined with others in this version of Treadle."
            )
        return AssetSelection(text, self._with_checks and (other is None or other._with_checks))

    def upstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """These and all that they are computed from, at most `depth` steps away."""
        around = f"{'' if depth is None else depth}+{_operand(self._text)}" if depth != 0 else self._text
        return self._with(around if include_self else f"{around} and not {_operand(self._text)}")

    def downstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        around = f"{_operand(self._text)}+{'' if depth is None else depth}" if depth != 0 else self._text
        return self._with(around if include_self else f"{around} and not {_operand(self._text)}")

    def sinks(self) -> AssetSelection:
        """Those from which no other of these is computed."""
        return self._with(f"sinks({self._text})")

    def roots(self) -> AssetSelection:
        return self._with(f"roots({self._text})")

    sources = roots

    def materializable(self) -> AssetSelection:
        return self

    def required_multi_asset_neighbors(self) -> AssetSelection:
        return self

    def without_checks(self) -> AssetSelection:
        return AssetSelection(self._text, False, self._check_keys)

    def resolve(
        self, all_assets: Iterable[AssetsDefinition | SourceAsset | AssetSpec], allow_missing: bool = False
    ) -> set[AssetKey]:
        """The keys that are meant among these assets."""
        from treadle._definitions.definitions import Definitions

        graph = all_assets if isinstance(all_assets, Definitions) else Definitions(assets=list(all_assets))
        return {AssetKey.from_user_string(k) for k in graph._core().select(self._text)}


def _other(other: AssetSelection) -> AssetSelection:
    if not isinstance(other, AssetSelection):
        raise CheckError(f"An AssetSelection can only be combined with another, not with {type(other)}")
    return other


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _any_of(texts: Iterable[str]) -> str:
    return " or ".join(texts) or "not *"


def _operand(text: str) -> str:
    return (
        f"({text})"
        if " " in text
        or text.startswith("+")
        or text.endswith("+")
        or text[:1].isdigit()
        or text[-1:].isdigit()
        else text
    )


def selection_text(selection: CoercibleToAssetSelection | None) -> AssetSelection:
    return AssetSelection("*") if selection is None else AssetSelection.from_coercible(selection)
