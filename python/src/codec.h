// How Python objects are kept: treadle/_codec.py as a Codec.
#pragma once

#include <treadle/define/codec.h>

#include <memory>

namespace treadle::python {

// The one codec of all Python values. Thread-safe; takes the interpreter lock itself.
std::shared_ptr<const Codec> python_codec();

// Python's view of what a value is read back from (treadle._core.Stored); `stored` is null once it
// has been read.
struct StoredView {
  Stored* stored = nullptr;
};

}  // namespace treadle::python
