// Live progress of a run on stderr, from its events: a line for each finished step and, on a
// terminal, one status line that is redrawn with what runs now. on_event is called from one thread;
// the redrawing thread starts with the first event, because none may exist when the process
// executor forks.
#pragma once

#include "terminal.h"
#include <treadle/model/event.h>

#include <map>
#include <memory>
#include <string>

namespace treadle::cli {

struct ProgressPlan {
  std::size_t step_count = 0;
  std::map<std::string, std::string>
      labels;  // step key -> the assets it makes: "training_set, test_set"
};

class Progress {
 public:
  // Writes to `fd`.
  Progress(const Terminal& terminal, int fd, ProgressPlan plan);
  ~Progress();
  Progress(const Progress&) = delete;
  void on_event(const Event& event);
  // Removes the status line; nothing is drawn after it.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace treadle::cli
