// A bar on stderr for what takes long: nothing when stderr is no terminal.
#pragma once

#include "session.h"

#include <cstdint>
#include <functional>
#include <string>

namespace treadle::cli {

// Calls with bytes done and bytes in all redraw it. Remove it with session.redraw("").
std::function<void(std::int64_t, std::int64_t)> transfer_progress(Session& session,
                                                                  std::string verb);
// "copying [########        ]  52 %  1.2 GiB of 2.3 GiB".
std::string progress_bar(std::string_view verb, std::int64_t done, std::int64_t all, bool unicode);

}  // namespace treadle::cli
