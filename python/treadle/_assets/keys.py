"""Names of assets and of checks on them."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvariantViolationError, ParameterCheckError, wrong_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import AssetSpec, SourceAsset
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetKeyPrefix


class AssetKey:
    """The name of an asset: one or more path parts. A string is one part; slashes are written only by
    `to_user_string`.
    """

    __slots__ = ("parts",)
    parts: tuple[str, ...]

    def __init__(self, path: str | Sequence[str]) -> None:
        if isinstance(path, str):
            self.parts = (path,)
            return
        if not hasattr(path, "__iter__"):
            raise wrong_type("path", "a Sequence", path)
        self.parts = tuple(path)
        for part in self.parts:
            if not isinstance(part, str):
                raise ParameterCheckError(f"Param 'path' of AssetKey holds {part!r}, which is not a str")

    @property
    def path(self) -> Sequence[str]:
        return list(self.parts)

    def __iter__(self) -> NoReturn:
        raise DagsterInvariantViolationError(
            "Iteration is not allowed on `@record` AssetKey. Iterate over its `path`."
        )

    def __getitem__(self, _: object) -> NoReturn:
        raise DagsterInvariantViolationError(
            "Index access is not allowed on `@record` AssetKey. Look into its `path`."
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetKey) and self.parts == other.parts

    def __lt__(self, other: AssetKey) -> bool:
        return self.parts < other.parts

    def __le__(self, other: AssetKey) -> bool:
        return self.parts <= other.parts

    def __gt__(self, other: AssetKey) -> bool:
        return self.parts > other.parts

    def __ge__(self, other: AssetKey) -> bool:
        return self.parts >= other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"AssetKey({self.path})"

    def __reduce__(self) -> tuple[type[AssetKey], tuple[tuple[str, ...]]]:
        return (AssetKey, (self.parts,))

    def to_string(self) -> str:
        """`["raw", "iris"]`: JSON."""
        import json

        return json.dumps(self.path)

    def to_user_string(self) -> str:
        """`raw/iris`."""
        return "/".join(self.parts)

    def to_escaped_user_string(self) -> str:
        return "/".join(p.replace("\\", "\\\\").replace("/", "\\/") for p in self.parts)

    def to_python_identifier(self, suffix: str | None = None) -> str:
        """`raw__iris`: the name of the step that makes it."""
        parts = self.parts if suffix is None else (*self.parts, suffix)
        return "__".join(parts).replace("-", "_").replace(".", "_")

    @staticmethod
    def from_user_string(asset_key_string: str) -> AssetKey:
        return AssetKey(asset_key_string.split("/"))

    @staticmethod
    def from_escaped_user_string(asset_key_string: str) -> AssetKey:
        parts, part, escaped = [], "", False
        for c in asset_key_string:
            if escaped or c not in "\\/":
                part, escaped = part + c, False
            elif c == "\\":
                escaped = True
            else:
                parts.append(part)
                part = ""
        return AssetKey([*parts, part])

    @staticmethod
    def from_coercible(arg: CoercibleToAssetKey) -> AssetKey:
        if isinstance(arg, AssetKey):
            return arg
        if isinstance(arg, (str, list, tuple)):
            return AssetKey(arg)
        raise CheckError(f"Unexpected type for AssetKey: {type(arg)}")

    @staticmethod
    def from_coercible_or_definition(
        arg: CoercibleToAssetKey | AssetsDefinition | SourceAsset | AssetSpec,
    ) -> AssetKey:
        if isinstance(arg, (AssetKey, str, list, tuple)):
            return AssetKey.from_coercible(arg)
        key = getattr(arg, "key", None)
        if isinstance(key, AssetKey):
            return key
        raise CheckError(f"Unexpected type for AssetKey: {type(arg)}")

    def has_prefix(self, prefix: Sequence[str]) -> bool:
        return len(self.parts) >= len(prefix) and self.parts[: len(prefix)] == tuple(prefix)

    def with_prefix(self, prefix: CoercibleToAssetKeyPrefix) -> AssetKey:
        return AssetKey((*prefix_parts(prefix), *self.parts))


class AssetJobKey:
    """The name of a job of assets, where conditions are evaluated for it."""

    __slots__ = ("job_name",)
    job_name: str

    def __init__(self, job_name: str) -> None:
        self.job_name = job_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetJobKey) and self.job_name == other.job_name

    def __hash__(self) -> int:
        return hash(self.job_name)

    def __repr__(self) -> str:
        return f"AssetJobKey(job_name={self.job_name!r})"

    def to_user_string(self) -> str:
        return self.job_name


def prefix_parts(prefix: CoercibleToAssetKeyPrefix | None) -> tuple[str, ...]:
    """The parts of a key prefix; none when there is none."""
    if prefix is None:
        return ()
    if isinstance(prefix, str):
        return (prefix,)
    if isinstance(prefix, (list, tuple)):
        return tuple(prefix)
    raise ParameterCheckError(f'Param "key_prefix" is not a string or a sequence of strings: {prefix!r}')


class AssetCheckKey:
    """The name of a check: its asset, and its name on that asset."""

    __slots__ = ("asset_key", "name")
    asset_key: AssetKey
    name: str

    def __init__(self, asset_key: AssetKey, name: str) -> None:
        self.asset_key = asset_key
        self.name = name

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AssetCheckKey) and self.asset_key == other.asset_key and self.name == other.name
        )

    def __hash__(self) -> int:
        return hash((self.asset_key.parts, self.name))

    def __repr__(self) -> str:
        return f"AssetCheckKey(asset_key={self.asset_key!r}, name={self.name!r})"

    def to_user_string(self) -> str:
        return f"{self.asset_key.to_user_string()}:{self.name}"

    @staticmethod
    def from_user_string(user_string: str) -> AssetCheckKey:
        asset, _, name = user_string.rpartition(":")
        return AssetCheckKey(AssetKey.from_user_string(asset), name)

    def with_asset_key_prefix(self, prefix: CoercibleToAssetKeyPrefix) -> AssetCheckKey:
        return AssetCheckKey(self.asset_key.with_prefix(prefix), self.name)
