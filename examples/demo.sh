#!/bin/sh
# The two iris examples one after the other, and what to look at next. Run by ./dev demo, which builds everything first.
set -eu
cd "$(dirname -- "$0")"
PATH=$(cd .. && pwd)/.venv/bin:$PATH
export PATH

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

printf 'Python: a random forest in examples/iris/iris.py, exported to ONNX and judged by another runtime.\n'
cd iris
run treadle materialize

printf '\nC++: the same graph in one source file, examples/iris_cpp, with no Python at all.\n'
cd ../iris_cpp
run ../../build/release/bin/iris materialize

cat <<'TEXT'

What now? Everything above is kept: run ./dev demo again, and what did not change gets no new version. Then

  . .venv/bin/activate && cd examples/iris
  treadle materialize --stale         nothing to do, and why; then edit iris.py or ../data/iris.csv and try again
  treadle asset show evaluation       the confusion matrix, the version, the run that made it
  treadle run list                    every run; `treadle run show ID` and `treadle run logs ID` look inside
  treadle artifact get model out/     the ONNX file itself
  treadle --help

docs/getting-started-python.md begins with an empty file.
TEXT
