// What steps print through std::cout, std::cerr and std::clog while they are calls in this process: it goes where it went before, and
// into the files of the step on whose thread it was printed. What is written past these streams (printf, write(2)) cannot be told
// apart between parallel steps and is not kept; a step in a process of its own (output_capture.h) keeps everything.
#pragma once

#include "output_capture.h"
#include <treadle/base/files.h>

#include <optional>
#include <string>

namespace treadle::execute {

// While one exists, the three streams are routed by thread. May nest. The streams belong to the whole program: other threads that print
// at the very moment of the first construction or the last destruction race with it.
class StreamRouting {
 public:
  StreamRouting();
  ~StreamRouting();
  StreamRouting(const StreamRouting&) = delete;
  StreamRouting& operator=(const StreamRouting&) = delete;
};

// From construction to finish(), what this thread prints is kept. Needs a StreamRouting. A file is made when something is printed, not
// before; one that cannot be written fails no step.
class StreamCapture {
 public:
  explicit StreamCapture(CaptureFiles files);
  ~StreamCapture();
  StreamCapture(const StreamCapture&) = delete;
  StreamCapture& operator=(const StreamCapture&) = delete;

  // The files, "" for a stream that nothing was printed to; nothing when nothing was printed at all.
  std::optional<CaptureFiles> finish();

  // For the routed streams.
  void add(bool to_err, std::string_view text);
  void flush(bool to_err);

 private:
  struct Stream {
    std::string path;
    std::string pending;
    OpenFile file;
    bool used = false;
  };
  Stream out_;
  Stream err_;
  StreamCapture* outer_;  // of a run inside of a step of this thread
};

}  // namespace treadle::execute
