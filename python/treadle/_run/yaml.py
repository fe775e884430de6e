"""YAML files that the command line is given."""

from __future__ import annotations


def as_json(path: str) -> str:
    """What a YAML file says, as JSON."""
    import json

    import yaml  # type: ignore[import-untyped, unused-ignore]

    with open(path) as file:
        return json.dumps(yaml.safe_load(file) or {})
