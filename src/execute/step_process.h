// One attempt at a step in a process of its own.
#pragma once

#include "wire.h"
#include "zygote.h"

namespace treadle::execute {

// Runs the attempt and leaves the process. The whole life of a process that the zygote has just forked.
[[noreturn]] void run_step_process(const ForkSetup& setup, Channel& channel, std::uint32_t task,
                                   StartBody start);

}  // namespace treadle::execute
