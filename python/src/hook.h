// Hooks written in Python, and the step that has ended as they see it.
#pragma once

#include "object.h"
#include <treadle/define/hook.h>

#include <memory>

namespace treadle::python {

// treadle._core.Hook. `context` is null once the hook is over: users may keep theirs.
struct Hook {
  HookContext* context = nullptr;
  HookContext& get() const;
};

// Calls `definition._run(hook)`, which says whether the hook was meant for a step that ended so.
std::shared_ptr<HookBody> make_python_hook(nb::object definition);

}  // namespace treadle::python
