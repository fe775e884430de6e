"""Derived code versions: one text for a function and what it uses of the same project. Equal code gives an
equal text in every process; comments, docstrings and moved lines change nothing. Another minor version of
Python compiles to other code."""

from __future__ import annotations

import os
import sys

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

_FunctionType = type(lambda: None)
_CodeType = type((lambda: None).__code__)
_ModuleType = type(sys)


class _Bound:
    def method(self) -> None: ...


_MethodType = type(_Bound().method)
_SIMPLE = (int, float, complex, bool, str, bytes, type(None), type(...))
_OUTSIDE = tuple(
    {
        os.path.dirname(os.__file__) + os.sep,
        os.path.dirname(os.path.dirname(__file__)) + os.sep,
        sys.prefix + os.sep + "lib" + os.sep,
    }
)
# Immutable values of the standard library whose repr says all.
_TOLD_BY_REPR = frozenset(("datetime", "decimal", "fractions", "uuid", "pathlib", "zoneinfo", "ipaddress"))
_known: dict[Any, str] = {}


def derive(fn: Any) -> str:
    """16 hexadecimal digits; "" for what is no Python function."""
    if hasattr(fn, "fixed_config"):
        return _with_config(fn.func, fn.fixed_config)
    function = _function_of(fn)
    if function is None:
        return ""
    known = _known.get(function)
    if known is None:
        teller = _Teller()
        teller.function(function)
        teller.parameters(function)
        known = _known[function] = teller.digest()
    return known


def identity_of(*values: Any) -> str:
    """Of objects and functions: their code, where it is the project's, and what they hold."""
    teller = _Teller()
    for value in values:
        if type(value) is _FunctionType:
            teller.function(value)
        else:
            teller.value(value)
    return teller.digest()


class WithConfig:
    """A function that is always told the same configuration, or what a function makes of another one."""

    def __init__(self, func: Any, fixed_config: Any) -> None:
        self.func = func
        self.fixed_config = fixed_config


def _with_config(fn: Any, config: Any) -> str:
    version = derive(fn)
    if not version:
        return ""
    import json

    from treadle._core import sha256_hex

    told = derive(config) if callable(config) else json.dumps(config, sort_keys=True, default=repr)
    return sha256_hex(f"{version}\n{told}".encode())[:16]


def _function_of(fn: Any) -> Any:
    """The function itself, out of what decorators and partials wrap around it."""
    for _ in range(8):
        if type(fn) is _FunctionType:
            return fn
        inner = getattr(fn, "__func__", None) or getattr(fn, "func", None) or getattr(fn, "_fn", None)
        if inner is None:
            call = type(fn).__dict__.get("__call__")
            return call if type(call) is _FunctionType else None
        fn = inner
    return None


class _Teller:
    """Tells code as text, each function once."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._seen: set[int] = set()
        self._kept: list[Any] = []  # what was seen, so that nothing else gets its id

    def digest(self) -> str:
        from treadle._core import sha256_hex

        return sha256_hex("".join(self.parts).encode("utf-8", "surrogatepass"))[:16]

    def parameters(self, fn: Any) -> None:
        """Classes that parameters are made from: configuration has defaults, resources have code."""
        for name, annotation in fn.__annotations__.items():
            if isinstance(annotation, str):
                try:
                    annotation = eval(annotation, fn.__globals__)  # as typing.get_type_hints does
                except Exception:
                    continue
            if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
                self.parts.append(f"parameter {name}=")
                self._class(annotation)

    def function(self, fn: Any) -> None:
        if id(fn) in self._seen:
            self.parts.append("again;")
            return
        self._seen.add(id(fn))
        self.parts.append("function(")
        self._code(fn.__code__, fn.__doc__)
        for value in fn.__defaults__ or ():
            self._value(value)
        for name, value in sorted((fn.__kwdefaults__ or {}).items()):
            self.parts.append(name)
            self._value(value)
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
            self.parts.append(f"cell {name}=")
            try:
                self._value(cell.cell_contents)
            except ValueError:
                self.parts.append("empty;")
        wrapped = fn.__dict__.get("__wrapped__")
        if wrapped is not None:
            self._value(wrapped)
        self._names(_all_names(fn.__code__), fn.__globals__)
        self.parts.append(")")

    def _names(self, names: list[str], scope: dict[str, Any]) -> None:
        for name in names:
            if name in scope and not name.startswith("__"):
                self.parts.append(f"{name}=")
                value = scope[name]
                if type(value) is _ModuleType:
                    self._module(value, names)
                else:
                    self._value(value)

    def _module(self, module: Any, names: list[str]) -> None:
        """Of a module of the project, what is named beside it: `helpers.scale` uses `scale`."""
        if not _in_project(getattr(module, "__file__", None)):
            self.parts.append(f"module {module.__name__};")
            return
        for name in names:
            value = module.__dict__.get(name)
            if value is not None and type(value) is not _ModuleType:
                self.parts.append(f".{name}=")
                self._value(value)

    def _code(self, code: CodeType, doc: str | None = None) -> None:
        add = self.parts.append
        add(f"{code.co_argcount},{code.co_posonlyargcount},{code.co_kwonlyargcount},{code.co_flags};")
        add(code.co_code.hex())
        add(getattr(code, "co_exceptiontable", b"").hex())
        add(
            ";".join((*code.co_names, "|", *code.co_varnames, "|", *code.co_freevars, "|", *code.co_cellvars))
        )
        for index, constant in enumerate(code.co_consts):
            if index == 0 and constant == doc:
                continue
            self._value(constant)

    def _value(self, value: Any, depth: int = 0) -> None:
        add = self.parts.append
        cls = type(value)
        if cls in _SIMPLE:
            add(f"{cls.__name__} {value!r};")
        elif cls is _CodeType:
            self._code(
                value, value.co_consts[0] if value.co_consts and isinstance(value.co_consts[0], str) else None
            )
        elif cls in (tuple, list) and depth < 6:
            add(f"{cls.__name__}[")
            for item in value:
                self._value(item, depth + 1)
            add("]")
        elif cls in (set, frozenset):
            add(f"{cls.__name__}{{{','.join(sorted(map(repr, value)))}}}")
        elif cls is dict and depth < 6 and len(value) <= 1000:
            add("dict{")
            for key, item in value.items():
                self._value(key, depth + 1)
                self._value(item, depth + 1)
            add("}")
        elif cls is _FunctionType:
            if _in_project(value.__code__.co_filename):
                self.function(value)
            else:
                add(f"{value.__module__}.{value.__qualname__};")
        elif isinstance(value, type):
            self._class(value)
        else:
            self._object(value, depth)

    value = _value

    def _object(self, value: Any, depth: int) -> None:
        """What an object is called with and holds, as far as it is known not to depend on the process."""
        add = self.parts.append
        cls = type(value)
        add(f"a {cls.__module__}.{cls.__qualname__}")
        if isinstance(value, _SIMPLE):  # of a class of its own: an Enum, an EnvVar
            add(f" {_plain(value)!r}")
        if _is_ours(cls) and hasattr(cls, "env_var_name"):
            add(f" {os.environ.get(value.env_var_name)!r}")
        if id(value) in self._seen or depth > 6:
            add(";")
            return
        held: Any = None
        if cls.__module__ in _TOLD_BY_REPR:
            add(f" {value!r}")
        elif cls.__module__ == "re" and hasattr(value, "pattern"):
            held = (value.pattern, int(value.flags))
        elif cls.__module__ == "functools" and hasattr(value, "keywords"):
            held = (value.func, value.args, value.keywords)
        elif cls is _MethodType:
            held = (value.__func__, value.__self__)
        elif hasattr(cls, "model_fields"):
            self._class(cls)
            held = {name: getattr(value, name, None) for name in cls.model_fields}
        elif (wrapped := _vars(value).get("__wrapped__")) is not None:
            held = wrapped
        elif not _is_ours(cls):
            module = sys.modules.get(cls.__module__)
            if module is None or _in_project(getattr(module, "__file__", None)):
                self._class(cls)
                held = _state_of(value)
            elif (inner := _function_of(value)) is not None and _in_project(inner.__code__.co_filename):
                held = inner
        if held is not None:
            self._seen.add(id(value))
            self._kept.append(value)
            self._value(held, depth + 1)
        add(";")

    def _class(self, cls: type) -> None:
        add = self.parts.append
        add(f"class {cls.__module__ if cls.__module__ != '__main__' else ''}.{cls.__qualname__}")
        if id(cls) in self._seen or not _in_project(getattr(sys.modules.get(cls.__module__), "__file__", "")):
            add(";")
            return
        self._seen.add(id(cls))
        add("{")
        for name, field in (getattr(cls, "model_fields", None) or {}).items():
            add(f"{name}=")
            self._value((getattr(field, "default", None), getattr(field, "default_factory", None)))
        for base in cls.__bases__:
            if base is not object:
                self._class(base)
        for name, value in cls.__dict__.items():
            if name.startswith("__") and type(value) is not _FunctionType:
                continue
            add(f"{name}=")
            for attribute in ("fget", "fset", "__func__"):
                inner = getattr(value, attribute, None)
                if type(inner) is _FunctionType:
                    self.function(inner)
            self._value(value)
        add("}")


def _all_names(code: CodeType) -> list[str]:
    """Names that code and the functions inside it look up, each once."""
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if type(constant) is _CodeType:
            names.update(dict.fromkeys(_all_names(constant)))
    return list(names)


def _plain(value: Any) -> Any:
    """The number or text that an object of a derived class is."""
    if isinstance(value, str):
        return "".join(value)
    kind: Any = next(k for k in (bytes, int, float, complex) if isinstance(value, k))
    return kind.__add__(value, kind())


def _state_of(value: Any) -> Any:
    """What an object of the project holds."""
    held = {name: item for name, item in _vars(value).items() if not name.startswith("__")}
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                held[name] = getattr(value, name)
    if isinstance(value, dict):
        return list(value.items()), held
    if isinstance(value, (set, frozenset)):
        return frozenset(value), held
    return (list(value), held) if isinstance(value, (tuple, list)) else held


def _vars(value: Any) -> dict[str, Any]:
    try:
        return dict(vars(value))
    except TypeError:
        return {}


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("treadle")


def _in_project(path: str | None) -> bool:
    """Whether a source file belongs to the user: not the standard library, an installed package, or Treadle.
    None: it has no file.
    """
    if path is None:
        return False
    return (
        not path.startswith(_OUTSIDE)
        and "site-packages" not in path
        and "dist-packages" not in path
        and not path.startswith("<frozen")
    )
