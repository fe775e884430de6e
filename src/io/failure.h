// Errors of storage as failures of a step. Private to the room.
#pragma once

#include <treadle/define/step.h>

#include <string>

namespace treadle::io {

// "cannot load asset 'model': ...".
inline tl::unexpected<StepFailure> step_failure(Error error, const std::string& what) {
  StepFailure failure;
  failure.error_class = "treadle::Error::" + std::string(to_string(error.code));
  failure.message = std::move(std::move(error).with_context(what).message);
  return tl::unexpected<StepFailure>(std::move(failure));
}

}  // namespace treadle::io
