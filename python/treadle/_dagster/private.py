"""What stands for a private name of Dagster that Treadle does not have."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn


class _Absent(type):
    """Annotations may name it, and nothing is an instance of it. To call it, derive from it or look into it
    raises the error that an import of a public name would have raised.
    """

    def _refuse(cls) -> NoReturn:
        from treadle._dagster.finder import NotInTreadleError

        raise NotInTreadleError(cls.__doc__)

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _Absent:
        for base in bases:
            if isinstance(base, _Absent):
                base._refuse()
        return super().__new__(mcs, name, bases, namespace)

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        cls._refuse()

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        cls._refuse()

    def __iter__(cls) -> NoReturn:
        cls._refuse()

    def __getitem__(cls, _: object) -> _Absent:
        return cls

    def __or__(cls, other: Any) -> Any:
        from typing import Union

        return Union[cls, other]  # noqa: UP007

    def __ror__(cls, other: Any) -> Any:
        from typing import Union

        return Union[other, cls]  # noqa: UP007


def private_name(name: str, sentence: str) -> type:
    """Stands for that name; `sentence` is the error of its use."""
    return _Absent(name, (), {"__doc__": sentence})
