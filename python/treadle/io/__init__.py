"""IO managers for what a team already has: object storage and files, SQL databases, JSON over HTTP.

    import treadle as dg
    import treadle.io as dgio

    dg.Definitions(assets, resources={"io_manager": dgio.TableFiles(folder="s3://lake/bronze")})

Each is a ConfigurableIOManager: its fields may be dg.EnvVar, or come with the run's configuration. The
packages they need are imported when they are used.
"""

_WHERE = {
    "GitVersions": "versioned",
    "HttpJson": "http",
    "JsonFiles": "files",
    "PickleFiles": "files",
    "SqlTables": "sql",
    "TableFiles": "files",
    "TextFiles": "files",
    "VersionedFiles": "versioned",
}

__all__ = [
    "GitVersions",
    "HttpJson",
    "JsonFiles",
    "PickleFiles",
    "SqlTables",
    "TableFiles",
    "TextFiles",
    "VersionedFiles",
]


def __getattr__(name):
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module 'treadle.io' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"treadle.io._{module}"), name)
    return value


def __dir__():
    return sorted({*globals(), *_WHERE})
