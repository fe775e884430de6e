"""Int, Float, String and Bool: types of inputs and outputs, and of configuration."""

from __future__ import annotations

from treadle._types.dagster_type import _AnnotatedType

Int = _AnnotatedType(int, "Int")
Float = _AnnotatedType(float, "Float")
String = _AnnotatedType(str, "String")
Bool = _AnnotatedType(bool, "Bool")
