"""ResourceParam: a parameter that receives a resource which is no ConfigurableResource."""

from __future__ import annotations

from typing import Annotated, TypeVar

T = TypeVar("T")

ResourceParam = Annotated[T, "resource_param"]
