// Private to the room: POST /files/{entity}/{project}/{run}/file_stream, by which a running process
// reports what it logs.
#pragma once

#include "backend.h"
#include "gate.h"
#include <treadle/http/router.h>

#include <map>
#include <mutex>
#include <string>

namespace treadle::serve {

class FileStream {
 public:
  FileStream(Backend& backend, Gate& gate) : backend_(backend), gate_(gate) {}
  http::Response answer(http::Request& request);

 private:
  Backend& backend_;
  Gate& gate_;
};

}  // namespace treadle::serve
