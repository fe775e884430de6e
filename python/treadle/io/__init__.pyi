from treadle.io._files import JsonFiles as JsonFiles
from treadle.io._files import PickleFiles as PickleFiles
from treadle.io._files import TableFiles as TableFiles
from treadle.io._files import TextFiles as TextFiles
from treadle.io._http import HttpJson as HttpJson
from treadle.io._sql import SqlTables as SqlTables
from treadle.io._versioned import GitVersions as GitVersions
from treadle.io._versioned import VersionedFiles as VersionedFiles

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
