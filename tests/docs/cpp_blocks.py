"""Makes one C++ program of what the pages show in C++: that it compiles and links is the test.

usage: python cpp_blocks.py PAGE... > PROGRAM.cc

A block marked `cpp compiled` that has a main is a program of its own; any other is the inside of a function,
which sees what the page's `<!-- cpp prelude` declares.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_MARKED = re.compile(r"^(?:```|<!-- )cpp (compiled|prelude)\n(.*?)^(?:```|-->)$", re.MULTILINE | re.DOTALL)
_HEAD = """// Written by tests/docs/cpp_blocks.py from the pages of docs.
#include <treadle/treadle.hpp>
"""


def program(pages: list[Path]) -> str:
    includes: set[str] = set()
    body: list[str] = []
    for page in pages:
        text = page.read_text()
        prelude = ""
        for number, found in enumerate(_MARKED.finditer(text)):
            kind, block = found.groups()
            includes |= set(re.findall(r"^#include .*$", block, re.MULTILINE))
            # A blank line in place of an #include: errors name the page and its line.
            block = re.sub(r"^#include .*$", "", block, flags=re.MULTILINE)
            line = text.count("\n", 0, found.start(2)) + 1
            block = f'#line {line} "{page}"\n{block}'
            if kind == "prelude":
                prelude += block
                continue
            name = "of_" + re.sub(r"\W", "_", page.stem) + f"_{number}"
            if "int main(" in block:
                body.append(f"namespace {name} {{\n{block.replace('int main(', 'int program(')}\n}}\n")
            else:
                block = f"treadle::Result<void> inside() {{\n{block}\nreturn {{}};\n}}"
                body.append(f"namespace {name} {{\nnamespace td = treadle;\n{prelude}{block}\n}}\n")
    return "\n".join([_HEAD, *sorted(includes), "", *body, "int main() { return 0; }", ""])


if __name__ == "__main__":
    sys.stdout.write(program([Path(argument) for argument in sys.argv[1:]]))
