"""AssetSelection: which assets are meant, as text in the selection syntax. The core understands it; here it
is only put together.
"""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._errors import CheckError, DagsterInvalidSubsetError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from treadle import _core
    from treadle._definitions.definitions import Definitions
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetKeyPrefix, CoercibleToAssetSelection


class AssetSelection:
    """A set of assets, known when it is applied to definitions: `AssetSelection.groups("raw").downstream() -
    AssetSelection.keys("x")`.

    Selecting assets selects the checks on them, unless `without_checks`.
    """

    __slots__ = ("_checks", "_text")

    def __init__(self, text: str, checks: Checks | None = None) -> None:
        self._text = text
        self._checks = checks  # None: those on the selected assets

    def __repr__(self) -> str:
        return f"AssetSelection({self._text!r})"

    def __str__(self) -> str:
        return self._text

    def to_selection_str(self) -> str:
        """The text that `from_string` reads."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetSelection) and (self._text, self._checks) == (
            other._text,
            other._checks,
        )

    def __hash__(self) -> int:
        return hash((self._text, self._checks))

    def __bool__(self) -> bool:
        return True

    # --- making

    @staticmethod
    def all(include_sources: bool = False) -> AssetSelection:
        return _sources_too(AssetSelection("*"), include_sources)

    @staticmethod
    def keys(*asset_keys: CoercibleToAssetKey) -> AssetSelection:
        return AssetSelection.assets(*asset_keys)

    @staticmethod
    def assets(
        *assets_defs: AssetsDefinition | SourceAsset | AssetSpec | CoercibleToAssetKey,
    ) -> AssetSelection:
        return AssetSelection(
            _any_of(f"key:{_quoted(k.to_user_string())}" for k in dict.fromkeys(_keys_of(assets_defs)))
        )

    @staticmethod
    def groups(*group_strs: str, include_sources: bool = False) -> AssetSelection:
        return _sources_too(
            AssetSelection(_any_of(f"group:{_quoted(g)}" for g in group_strs)), include_sources
        )

    @staticmethod
    def key_prefixes(
        *key_prefixes: CoercibleToAssetKeyPrefix, include_sources: bool = False
    ) -> AssetSelection:
        wholes = ["/".join([p] if isinstance(p, str) else p) for p in key_prefixes]
        text = _any_of(f"key_prefix:{_quoted(whole)}" for whole in wholes)
        return _sources_too(AssetSelection(text), include_sources)

    @staticmethod
    def key_substring(key_substring: str, include_sources: bool = False) -> AssetSelection:
        return _materializable(f"key:{_quoted(f'*{key_substring}*')}", include_sources)

    @staticmethod
    def tag(key: str, value: str, include_sources: bool = False) -> AssetSelection:
        text = f"tag:{_quoted(key)}={_quoted(value)}" if value else f"tag:{_quoted(key)}"
        return _sources_too(AssetSelection(text), include_sources)

    @staticmethod
    def tag_string(string: str, include_sources: bool = False) -> AssetSelection:
        key, _, value = string.partition("=")
        return AssetSelection.tag(key, value, include_sources)

    @staticmethod
    def kind(kind: str | None, include_sources: bool = False) -> AssetSelection:
        text = f"kind:{_quoted(kind)}" if kind else "kind:<null>"
        return _sources_too(AssetSelection(text), include_sources)

    @staticmethod
    def owner(owner: str | None) -> AssetSelection:
        return AssetSelection(f"owner:{_quoted(owner)}" if owner else "owner:<null>")

    @staticmethod
    def checks_for_assets(*assets_defs: AssetsDefinition | CoercibleToAssetKey) -> AssetSelection:
        """The checks on these assets, without the assets."""
        keys = _keys_of(assets_defs)
        return AssetSelection(_NOTHING, Checks("on", frozenset(keys)))

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        return AssetSelection(_NOTHING, Checks("all"))

    @staticmethod
    def checks(*assets_defs_or_check_keys: AssetsDefinition | AssetCheckKey) -> AssetSelection:
        """These checks, without the assets."""
        keys: list[AssetCheckKey] = []
        for given in assets_defs_or_check_keys:
            if isinstance(given, AssetCheckKey):
                keys.append(given)
            else:
                keys += [c.key for c in given._check_specs]
        return AssetSelection(_NOTHING, Checks("named", frozenset(keys)))

    @staticmethod
    def from_string(string: str, include_sources: bool = False) -> AssetSelection:
        return _sources_too(AssetSelection(_sound(string)), include_sources)

    @staticmethod
    def from_coercible(selection: CoercibleToAssetSelection) -> AssetSelection:
        if isinstance(selection, AssetSelection):
            return selection
        if isinstance(selection, str):
            return AssetSelection(_sound(selection))
        if isinstance(selection, (list, tuple, set, frozenset)):
            if all(isinstance(s, str) for s in selection):
                return AssetSelection(_any_of(f"({s})" if " " in s else s for s in selection))
            return AssetSelection.assets(*selection)
        raise CheckError(
            f"selection argument must be a str, a list of assets, or an AssetSelection, not {type(selection)}"
        )

    # --- combining

    def __or__(self, other: AssetSelection) -> AssetSelection:
        if self._text == _NOTHING or _other(other)._text == _NOTHING:
            text = other._text if self._text == _NOTHING else self._text
        else:
            text = f"{_operand(self._text)} or {_operand(other._text)}"
        return AssetSelection(text, self._combined("or", other))

    def __and__(self, other: AssetSelection) -> AssetSelection:
        text = f"{_operand(self._text)} and {_operand(_other(other)._text)}"
        return AssetSelection(text, self._combined("and", other))

    def __sub__(self, other: AssetSelection) -> AssetSelection:
        if _other(other)._text == _NOTHING or self._text == _NOTHING:
            text = self._text
        elif self._text == "*":
            text = f"not {_operand(other._text)}"
        else:
            text = f"{_operand(self._text)} and not {_operand(other._text)}"
        return AssetSelection(text, self._combined("sub", other))

    def _combined(self, how: str, other: AssetSelection) -> Checks | None:
        """The checks of a combination, when they are not simply those on its assets."""
        if self._checks is None and other._checks is None:
            return None
        return Checks(how, None, (self._own_checks(), other._own_checks()))

    def _own_checks(self) -> Checks:
        return self._checks if self._checks is not None else Checks("of", self._text)

    def upstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """These and all that they are computed from, at most `depth` steps away."""
        around = f"{'' if depth is None else depth}+{_operand(self._text)}" if depth != 0 else self._text
        return AssetSelection(around if include_self else f"{around} and not {_operand(self._text)}")

    def downstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        around = f"{_operand(self._text)}+{'' if depth is None else depth}" if depth != 0 else self._text
        return AssetSelection(around if include_self else f"{around} and not {_operand(self._text)}")

    def sinks(self) -> AssetSelection:
        """Those from which no other of these is computed."""
        return AssetSelection(f"sinks({self._text})")

    def roots(self) -> AssetSelection:
        return AssetSelection(f"roots({self._text})")

    sources = roots

    def materializable(self) -> AssetSelection:
        """Those that these definitions make."""
        return AssetSelection(f"{_operand(self._text)} and is:materializable")

    def upstream_source_assets(self) -> AssetSelection:
        """The source assets that these are computed from, however far away."""
        return AssetSelection(f"upstream_external({self._text})")

    def required_multi_asset_neighbors(self) -> AssetSelection:
        """These, with all that the same functions make and that cannot be left out."""
        return AssetSelection(f"neighbors({self._text})")

    def without_checks(self) -> AssetSelection:
        return AssetSelection(self._text, Checks("none"))

    # --- applying

    def resolve(self, all_assets: Any, allow_missing: bool = False) -> set[AssetKey]:
        """The keys that are meant among these assets (a list, Definitions or an asset graph)."""
        core = _definitions(all_assets)._core()
        return {AssetKey.from_user_string(k) for k in core.select(self._text, allow_missing)}

    def resolve_checks(self, asset_graph: Any, allow_missing: bool = False) -> set[AssetCheckKey]:
        """The keys of the checks that are meant."""
        definitions = _definitions(asset_graph)
        known = _check_keys((*definitions._assets, *definitions._asset_checks))
        return self._own_checks().among(known, definitions._core())

    def told_checks(
        self, assets: Iterable[Any], core: _core.Definitions
    ) -> list[tuple[Sequence[str], str]] | None:
        """For the core: the selected checks, None when they are those on the selected assets."""
        if self._checks is None and self._text != "*":
            return None
        assets = list(assets)
        chosen = set(_check_keys(assets))
        if self._checks is not None:
            chosen = set(self._checks.among(chosen, core))
        elif {c.asset_key for c in chosen} <= {
            key for a in assets for key in (a.keys if isinstance(a, AssetsDefinition) else (a.key,))
        }:
            return None
        return [(k.asset_key.parts, k.name) for k in sorted(chosen, key=lambda k: k.to_user_string())]


class Checks:
    """Which checks a selection means: "of" the assets that a text selects, "on" these assets, "named", "all",
    "none", or two of these combined by "or", "and" or "sub".
    """

    __slots__ = ("kind", "of", "parts")

    def __init__(self, kind: str, of: Any = None, parts: tuple[Checks, ...] = ()) -> None:
        self.kind = kind
        self.of = of
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checks) and (self.kind, self.of, self.parts) == (
            other.kind,
            other.of,
            other.parts,
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.of, self.parts))

    def among(self, known: set[AssetCheckKey], core: _core.Definitions) -> set[AssetCheckKey]:
        if self.kind == "none":
            return set()
        if self.kind == "all":
            return known
        if self.kind == "on":
            return {k for k in known if k.asset_key in self.of}
        if self.kind == "of":
            selected = set(core.select(self.of, False))
            return {k for k in known if k.asset_key.to_user_string() in selected}
        if self.kind == "named":
            strangers = sorted(k.to_user_string() for k in self.of - known)
            if strangers:
                raise DagsterInvalidSubsetError(
                    f"AssetCheckKey(s) {strangers} were selected, but no AssetChecksDefinition objects supply"
                    " these keys. Make sure all keys are spelled correctly, and all AssetChecksDefinitions"
                    " are correctly added to the `Definitions`."
                )
            return set(self.of)
        left, right = (part.among(known, core) for part in self.parts)
        return left | right if self.kind == "or" else left & right if self.kind == "and" else left - right


def _sound(text: str) -> str:
    """The text again; an error when it is no selection."""
    if not text.replace("_", "a").isalnum():  # one name needs no second look
        from treadle import _core

        _core.check_selection(text)
    return text


def _check_keys(assets: Iterable[Any]) -> set[AssetCheckKey]:
    return {c.key for a in assets if isinstance(a, AssetsDefinition) for c in a._check_specs}


def _definitions(assets: Any) -> Definitions:
    from treadle._assets.graph import AssetGraph
    from treadle._definitions.definitions import Definitions

    if isinstance(assets, Definitions):
        return assets
    return assets.definitions if isinstance(assets, AssetGraph) else Definitions(assets=list(assets))


def _keys_of(given: Iterable[Any]) -> list[AssetKey]:
    keys: list[AssetKey] = []
    for one in given:
        if isinstance(one, AssetsDefinition):
            keys += [o.key for o in one._outputs]
        elif isinstance(one, (SourceAsset, AssetSpec)):
            keys.append(one.key)
        elif isinstance(one, str):
            keys.append(AssetKey.from_user_string(one))
        else:
            keys.append(AssetKey.from_coercible(one))
    return keys


_NOTHING = "not *"


def _sources_too(selection: AssetSelection, wanted: bool) -> AssetSelection:
    return AssetSelection(f"with_external({selection._text})") if wanted else selection


def _materializable(text: str, include_sources: bool) -> AssetSelection:
    """Key patterns mean source assets as well; they are taken away unless asked for."""
    return AssetSelection(text if include_sources else f"{_operand(text)} and is:materializable")


def _other(other: AssetSelection) -> AssetSelection:
    if not isinstance(other, AssetSelection):
        raise CheckError(f"An AssetSelection can only be combined with another, not with {type(other)}")
    return other


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _any_of(texts: Iterable[str]) -> str:
    return " or ".join(texts) or _NOTHING


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
