// Keeps the cache of downloaded versions below a size. Private to the room.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <string>

namespace treadle::io {

// What the environment says: TREADLE_CACHE_SIZE, in bytes or as "20G"; 0 = no limit. 20 GiB unless
// said otherwise.
std::int64_t cache_limit();

// Marks the place (a folder of the cache) as read by this process: nobody removes it as long as this
// process lives, or until it has read some hundred other places. `at`: where the place still is,
// before it is moved there; "" = there. False: it is not there, or is being removed.
bool hold_place(const std::string& place, const std::string& at = {});

// Makes room for `bytes` more below `artifacts`: removes the places that were read longest ago, until
// all fit in `limit`. What a process holds stays.
void make_room(const std::string& artifacts, std::int64_t bytes, std::int64_t limit);

}  // namespace treadle::io
