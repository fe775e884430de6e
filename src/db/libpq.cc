#include "libpq.h"

#include <dlfcn.h>
#include <string>

namespace treadle::db {
namespace {

Result<Libpq> load_once() {
  void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Errc::kUnsupported, std::string("PostgreSQL's client library cannot be loaded: ") +
                                        dlerror() +
                                        ". Install it (Debian: apt-get install libpq5).");
  }
  Libpq out;
  const char* missing = nullptr;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr && missing == nullptr) missing = name;
  };
#define TREADLE_LIBPQ_FIND(name) find(out.name, #name);
  TREADLE_LIBPQ_FUNCTIONS(TREADLE_LIBPQ_FIND)
#undef TREADLE_LIBPQ_FIND
  if (missing != nullptr) {
    return fail(Errc::kUnsupported, std::string("PostgreSQL's client library has no ") + missing +
                                        ": version 14 or newer is needed.");
  }
  return out;
}

}  // namespace

Result<const Libpq*> load_libpq() {
  static const Result<Libpq> loaded = load_once();
  if (!loaded) return fail(loaded.error());
  return &*loaded;
}

}  // namespace treadle::db
