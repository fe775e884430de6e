"""An exception that is being handled, as the record keeps it."""

from __future__ import annotations

from treadle._events.error import SerializableErrorInfo, told_error
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def serializable_error_info_from_exc_info(
    exc_info: Any, hoist_user_code_error: bool = True
) -> SerializableErrorInfo:
    """Of `sys.exc_info()`. An error around one of the user's is told as that one."""
    _, error, _ = exc_info
    wrapped = getattr(error, "user_exception", None)
    if hoist_user_code_error and wrapped is not None:
        error = wrapped
    return told_error(error)
