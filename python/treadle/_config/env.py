"""EnvVar: the name of an environment variable whose value is looked up when a run needs it."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def _direct_access(cls: type, name: str) -> RuntimeError:
    return RuntimeError(
        f'Attempted to directly retrieve environment variable {cls.__name__}("{name}"). {cls.__name__} defers'
        " resolution of the environment variable value until run time, and should only be used as input to"
        f" Dagster config or resources.\n\nTo access the environment variable value, call `get_value` on the"
        f" {cls.__name__}, or use os.getenv directly."
    )


class EnvVar(str):
    """The name of an environment variable whose value is looked up when a run needs it, so that it is never
    written down.
    """

    __slots__ = ()

    @classmethod
    def int(cls, name: str) -> IntEnvVar:
        return IntEnvVar.create(name)

    @property
    def env_var_name(self) -> str:
        return str.__str__(self)

    # The core's checker knows the wrapper by this.
    _treadle_env_var = env_var_name

    def get_value(self, default: str | None = None) -> str | None:
        """The value now; `default` when the variable is not set."""
        import os

        return os.environ.get(self.env_var_name, default)

    def __repr__(self) -> str:
        return f"EnvVar({str.__repr__(self)})"

    def __str__(self) -> str:
        raise _direct_access(type(self), self.env_var_name)


class IntEnvVar(int):
    """An EnvVar whose value is a whole number."""

    name: str

    @classmethod
    def create(cls, name: str) -> IntEnvVar:
        var = cls(0)
        var.name = name
        return var

    @property
    def env_var_name(self) -> str:
        return self.name

    _treadle_env_var = env_var_name

    def get_value(self, default: int | None = None) -> int | None:
        import os

        text = os.environ.get(self.name, default)
        return int(text) if text else None

    def __int__(self) -> int:
        raise _direct_access(type(self), self.name)

    def __str__(self) -> str:
        raise _direct_access(type(self), self.name)

    def __repr__(self) -> str:
        return f"EnvVar.int({self.name!r})"


def is_env_var(value: object) -> bool:
    return isinstance(value, (EnvVar, IntEnvVar))


def as_config(value: Any) -> Any:
    """A value as run configuration writes it: wrappers of variables as {"env": NAME}, at any depth."""
    if isinstance(value, (EnvVar, IntEnvVar)):
        return {"env": value.env_var_name}
    if isinstance(value, dict):
        return {k: as_config(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_config(v) for v in value]
    return value
