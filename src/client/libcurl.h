// Private to the room: libcurl, loaded when the first server is asked for. Linking it would make every
// start of the program load it and the two dozen libraries behind it: 4 ms and 4 MB that a run on the
// home does not need.
#pragma once

#include <treadle/base/result.h>

#include <curl/curl.h>

namespace treadle::client {

// Every function of libcurl that is used.
// clang-format off
#define TREADLE_LIBCURL_FUNCTIONS(X) \
  X(curl_global_init) X(curl_getdate) X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_reset) \
  X(curl_easy_cleanup) X(curl_easy_strerror) X(curl_slist_append) X(curl_slist_free_all) \
  X(curl_multi_init) X(curl_multi_setopt) X(curl_multi_add_handle) X(curl_multi_remove_handle) \
  X(curl_multi_perform) X(curl_multi_poll) X(curl_multi_wakeup) X(curl_multi_info_read) \
  X(curl_multi_cleanup)
// clang-format on

struct Libcurl {
#define TREADLE_LIBCURL_MEMBER(name) decltype(&::name) name = nullptr;
  // libcurl's own names.
  TREADLE_LIBCURL_FUNCTIONS(TREADLE_LIBCURL_MEMBER)  // NOLINT(readability-identifier-naming)
#undef TREADLE_LIBCURL_MEMBER
};

// Loaded and begun once per process, never unloaded. kUnsupported, with the cure: it is not on this machine.
Result<void> load_libcurl();
// What load_libcurl() loaded: whoever opens a connection has called it.
const Libcurl& libcurl();

}  // namespace treadle::client
