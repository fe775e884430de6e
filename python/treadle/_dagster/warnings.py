"""Dagster's warnings, by which programs filter them."""

from __future__ import annotations


class SupersessionWarning(FutureWarning):
    """There is something newer."""


class PreviewWarning(Warning):
    """It may change in any release."""


class BetaWarning(Warning):
    """It may change in a minor release."""


class ConfigArgumentWarning(SyntaxWarning):
    """A config argument looks like a mistake."""


def deprecation_warning(
    subject: str,
    breaking_version: str,
    additional_warn_text: str | None = None,
    stacklevel: int = 3,
) -> None:
    """Warns that something will go away."""
    import warnings

    more = f" {additional_warn_text}" if additional_warn_text else ""
    text = f"{subject} is deprecated and will be removed in {breaking_version}.{more}"
    warnings.warn(text, DeprecationWarning, stacklevel=stacklevel)


def file_relative_path(dunderfile: str, relative_path: str) -> str:
    """A path beside a file: `file_relative_path(__file__, "data.csv")`."""
    import os

    return os.path.join(os.path.dirname(dunderfile), relative_path)


class BindResourcesToJobs(list):  # type: ignore[type-arg]
    """A list of jobs; resources of Definitions are theirs anyway."""
