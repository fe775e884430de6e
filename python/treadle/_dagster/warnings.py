"""Dagster's warnings, by which programs filter them."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class SupersessionWarning(FutureWarning):
    """There is something newer."""


class PreviewWarning(Warning):
    """It may change in any release."""


class BetaWarning(Warning):
    """It may change in a minor release."""


class ConfigArgumentWarning(SyntaxWarning):
    """A config argument looks like a mistake."""


def _silent() -> Any:
    """Whether warnings of this kind are off in this context."""
    global _off
    if _off is None:
        from contextvars import ContextVar

        _off = ContextVar("treadle_warnings_off", default=False)
    return _off


_off: Any = None


def _warn(text: str, more: str | None, category: type[Warning], stacklevel: int) -> None:
    if _silent().get():
        return
    import warnings

    warnings.warn(f"{text} {more}" if more else text, category, stacklevel=stacklevel + 1)


def preview_warning(subject: str, additional_warn_text: str | None = None, stacklevel: int = 3) -> None:
    """Warns that something may change in any release."""
    text = (
        f"{subject} is currently in preview, and may have breaking changes in patch version releases. This"
        " feature is not considered ready for production use."
    )
    _warn(text, additional_warn_text, PreviewWarning, stacklevel)


def beta_warning(subject: str, additional_warn_text: str | None = None, stacklevel: int = 3) -> None:
    """Warns that something may change in a minor release."""
    text = (
        f"{subject} is currently in beta, and may have breaking changes in minor version releases, with"
        " behavior changes in patch releases."
    )
    _warn(text, additional_warn_text, BetaWarning, stacklevel)


def supersession_warning(subject: str, additional_warn_text: str | None = None, stacklevel: int = 3) -> None:
    """Warns that there is something newer."""
    text = f"{subject} is superseded and its usage is discouraged."
    _warn(text, additional_warn_text, SupersessionWarning, stacklevel)


def deprecation_warning(
    subject: str,
    breaking_version: str,
    additional_warn_text: str | None = None,
    stacklevel: int = 3,
) -> None:
    """Warns that something will go away."""
    text = f"{subject} is deprecated and will be removed in {breaking_version}."
    _warn(text, additional_warn_text, DeprecationWarning, stacklevel)


def normalize_renamed_param(
    new_val: Any,
    new_arg: str,
    old_val: Any,
    old_arg: str,
    coerce_old_to_new: Callable[[Any], Any] | None = None,
) -> Any:
    """The value of a parameter that has an old name too; both at once are refused."""
    if new_val is not None and old_val is not None:
        from treadle._dagster.check import failed

        failed(f'Do not use deprecated "{old_arg}" now that you are using "{new_arg}".')
    if old_val is None:
        return new_val
    return coerce_old_to_new(old_val) if coerce_old_to_new else old_val


class disable_dagster_warnings:  # noqa: N801
    """A block, or a function, in which Dagster's warnings stay silent."""

    def __enter__(self) -> None:
        import warnings

        self._token = _silent().set(True)
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()
        for category in (DeprecationWarning, SupersessionWarning, PreviewWarning, BetaWarning):
            warnings.simplefilter("ignore", category=category)

    def __exit__(self, *_: object) -> None:
        self._caught.__exit__(None, None, None)
        _silent().reset(self._token)


def suppress_dagster_warnings(function: Any) -> Any:
    """The function, in which Dagster's warnings stay silent."""
    from functools import wraps

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with disable_dagster_warnings():
            return function(*args, **kwargs)

    return call


def file_relative_path(dunderfile: str, relative_path: str) -> str:
    """A path beside a file: `file_relative_path(__file__, "data.csv")`."""
    import os

    return os.path.join(os.path.dirname(dunderfile), relative_path)


class BindResourcesToJobs(list):  # type: ignore[type-arg]
    """A list of jobs; resources of Definitions are theirs anyway."""
