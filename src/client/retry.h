// When a failed try is followed by another, and after how long.
#pragma once

#include <treadle/client/request.h>

#include <chrono>

namespace treadle::client {

bool is_tried_again(Retry kind, int status);
// Before try number `attempt` + 1 (attempt counts from 0): doubling from `first`, at most a minute, and up
// to a quarter more at random.
std::chrono::milliseconds wait_after(int attempt, std::chrono::milliseconds first);
// What a Retry-After header asks for, in seconds or as a date; 0 when it says nothing. At most an hour.
std::chrono::milliseconds retry_after(const std::string* header);

}  // namespace treadle::client
