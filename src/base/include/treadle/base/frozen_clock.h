// For tests of what happens at another time.
#pragma once

#include <treadle/base/clock.h>

#include <optional>

namespace treadle {

// From now on system_clock() stands still at this moment; nothing: it is the machine's again. For the
// whole process, any thread.
void freeze_system_clock(std::optional<Micros> moment);

}  // namespace treadle
