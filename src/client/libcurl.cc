#include "libcurl.h"

#include <dlfcn.h>
#include <string>
#include <type_traits>

namespace treadle::client {
namespace {

Result<Libcurl> load_libcurl_once() {
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Errc::kUnsupported,
                std::string("libcurl, which talks to servers, cannot be loaded: ") + dlerror() +
                    ". Install it (Debian: apt-get install libcurl4).");
  }
  Libcurl out;
  const char* missing = nullptr;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr && missing == nullptr) missing = name;
  };
#define TREADLE_LIBCURL_FIND(name) find(out.name, #name);
  TREADLE_LIBCURL_FUNCTIONS(TREADLE_LIBCURL_FIND)
#undef TREADLE_LIBCURL_FIND
  if (missing != nullptr) {
    return fail(Errc::kUnsupported,
                std::string("libcurl has no ") + missing + ": version 7.68 or newer is needed.");
  }
  if (out.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Errc::kUnsupported, "libcurl cannot begin: its TLS library does not start.");
  }
  return out;
}

const Result<Libcurl>& loaded_libcurl() {
  static const Result<Libcurl> loaded = load_libcurl_once();
  return loaded;
}

}  // namespace

Result<void> load_libcurl() {
  const Result<Libcurl>& loaded = loaded_libcurl();
  if (!loaded) return fail(loaded.error());
  return {};
}

const Libcurl& libcurl() {
  return *loaded_libcurl();
}

}  // namespace treadle::client
