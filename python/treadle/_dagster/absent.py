"""Names of Dagster that Treadle does not have, as installed packages import them.

A program of the user's is told when it imports such a name. An integration package imports many that this
user never reaches: its components, its launchers. Those it may declare with (inherit from, annotate with,
decorate with); what uses one when a function runs gets the error then.
"""

from __future__ import annotations

import sys
from inspect import CO_OPTIMIZED
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


# What is inherited from these is a class like any other; what is inherited from a component is none.
_MIXINS = ("Model", "Resolvable", "Resolver")


class Absent:
    """Stands for an absent name, and for what a module or class body asks of it."""

    def __init__(self, name: str, sentence: str) -> None:
        self.__dict__["_name"] = name
        self.__dict__["_sentence"] = sentence

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse_use()
        # Called in a class body it is a decorator, or makes one.
        return args[0] if len(args) == 1 and not kwargs and _is_code(args[0]) else self

    def __getattr__(self, name: str) -> Any:
        if name == "__abstractmethods__":  # a package that hands on whatever is abstract: nothing
            return frozenset()
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse_use()
        return self

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        if self._name == "Model":
            from pydantic import BaseModel

            return (BaseModel,)
        return (_base(self._name, self._sentence, self._name in _MIXINS),)

    def __getitem__(self, _: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __or__(self, _: Any) -> Any:
        return Any

    __ror__ = __or__

    def __add__(self, _: Any) -> Any:
        return self

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __add__

    def __instancecheck__(self, _: object) -> bool:
        return False

    def __subclasscheck__(self, _: type) -> bool:
        return False

    def __get_pydantic_core_schema__(self, _: Any, __: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.any_schema()

    def _refuse_use(self) -> None:
        if not _is_declaring():
            from treadle._dagster.finder import NotInTreadleError

            raise NotInTreadleError(self._sentence)


def _base(name: str, sentence: str, is_mixin: bool) -> type:
    """A base of classes that are declared and, unless it only adds to others, never made."""

    class Mixed:
        @classmethod
        def model(cls) -> Absent:
            return Absent(name, sentence)

    class Declared(Mixed):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            if _is_declaring():
                return Absent(name, sentence)(*args, **kwargs)
            from treadle._dagster.finder import NotInTreadleError

            raise NotInTreadleError(f"{cls.__name__} cannot be used: {sentence}")

    return Mixed if is_mixin else Declared


def _is_code(thing: Any) -> bool:
    return callable(thing) or isinstance(thing, (classmethod, staticmethod, property))


def _is_declaring() -> bool:
    """Whether the caller is the body of a module or class of an installed package, not a function that does
    its work, and no program of the user's.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    if frame is None or frame.f_code.co_flags & CO_OPTIMIZED:
        return False
    return _is_installed(frame.f_code.co_filename)


def stand_in(name: str, sentence: str) -> Any:
    """What an installed package gets for the name `name`."""
    module, _, last = name.rpartition(".")
    if last.endswith(("Error", "Exception", "Warning")):
        return type(last, (Exception,), {"__module__": module, "__doc__": sentence})
    return Absent(last, sentence)


def is_for_installed_package() -> bool:
    """Whether the import statement that is being carried out is one of a package that is installed, not of a
    program of the user's.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in ("importlib", "treadle"):
            return _is_installed(frame.f_code.co_filename)
        frame = frame.f_back
    return False


def _is_installed(file: str) -> bool:
    folders = file.split("/")
    return "site-packages" in folders or "dist-packages" in folders
