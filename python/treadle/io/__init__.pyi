from treadle.io._files import JsonFiles as JsonFiles
from treadle.io._files import PickleFiles as PickleFiles
from treadle.io._files import TableFiles as TableFiles
from treadle.io._files import TextFiles as TextFiles
from treadle.io._http import HttpJson as HttpJson
from treadle.io._sql import SqlTables as SqlTables

__all__ = ["HttpJson", "JsonFiles", "PickleFiles", "SqlTables", "TableFiles", "TextFiles"]
