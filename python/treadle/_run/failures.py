"""What the record is told of an exception of user code."""

from __future__ import annotations

from treadle._errors import Failure, RetryRequested
from treadle._events.metadata import metadata_to_core
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def describe(exception: BaseException, depth: int = 0) -> tuple[Any, ...]:
    """For the core: (message, class, stack, cause or None, metadata, allow_retries, retry or None,
    interrupted).
    """
    boundary = getattr(exception, "__treadle_boundary__", None)
    if boundary is not None and depth == 0:
        return (boundary[1], boundary[0], "", describe(exception, 1), [], True, None, False)
    cause = exception.__cause__
    if cause is None and not exception.__suppress_context__:
        cause = exception.__context__
    told_cause = (
        describe(cause, depth + 1) if cause is not None and cause is not exception and depth < 8 else None
    )
    metadata: Any = []
    allow_retries = True
    retry = None
    message = _text_of(exception)
    if isinstance(exception, Failure):
        message = exception.description or ""
        metadata = metadata_to_core(exception.metadata)
        allow_retries = exception.allow_retries
    elif isinstance(exception, RetryRequested):
        retry = (exception.max_retries, float(exception.seconds_to_wait or 0))
    elif isinstance(exception, SystemExit):
        message = f"The function called sys.exit({exception.code!r})."
    cls = type(exception)
    name = (
        cls.__qualname__
        if cls.__module__ in ("builtins", "__main__")
        else f"{cls.__module__}.{cls.__qualname__}"
    )
    if cls.__module__.startswith("treadle."):
        name = cls.__qualname__
    return (
        message,
        name,
        stack_of(exception),
        told_cause,
        metadata,
        allow_retries,
        retry,
        isinstance(exception, KeyboardInterrupt),
    )


def _text_of(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception as e:
        return f"(no message: its __str__ raised {type(e).__name__})"


def stack_of(exception: BaseException) -> str:
    """The traceback from the first frame of user code on; all of it when there is none. A file that does not
    parse has no frame of its own: then there is only what the exception says.
    """
    import traceback

    here = __file__.rpartition("/_run/")[0] + "/"
    frames = exception.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith((here, "<frozen importlib")):
        frames = frames.tb_next
    last = exception.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if frames is None and last is not None and not last.tb_frame.f_code.co_filename.startswith("<frozen"):
        frames = exception.__traceback__
    text = "".join(traceback.format_tb(frames))
    if isinstance(exception, SyntaxError):
        text += "".join(traceback.format_exception_only(type(exception), exception))
    return text
