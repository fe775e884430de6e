#include "stream_capture.h"

#include <iostream>
#include <memory>
#include <mutex>
#include <streambuf>

namespace treadle::execute {
namespace {

constexpr std::size_t kBuffered = 4096;

thread_local StreamCapture* t_capture = nullptr;

class RoutedBuffer final : public std::streambuf {
 public:
  RoutedBuffer(std::ostream& stream, bool is_err)
      : stream_(stream), through_(stream.rdbuf(this)), is_err_(is_err) {}
  ~RoutedBuffer() override {
    // Somebody may have put a buffer of their own in our place: then that is theirs to take out.
    if (stream_.rdbuf() == this) stream_.rdbuf(through_);
  }

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char text = traits_type::to_char_type(c);
    return xsputn(&text, 1) == 1 ? c : traits_type::eof();
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (t_capture != nullptr) {
      t_capture->add(is_err_, std::string_view(text, static_cast<std::size_t>(size)));
    }
    return through_->sputn(text, size);
  }
  int sync() override {
    if (t_capture != nullptr) t_capture->flush(is_err_);
    return through_->pubsync();
  }

 private:
  std::ostream& stream_;
  std::streambuf* through_;
  bool is_err_;
};

struct Routed {
  RoutedBuffer out{std::cout, false};
  RoutedBuffer err{std::cerr, true};
  RoutedBuffer log{std::clog, true};
};

std::mutex g_mutex;  // guards what follows
int g_users = 0;
std::unique_ptr<Routed> g_routed;

}  // namespace

StreamRouting::StreamRouting() {
  const std::scoped_lock lock(g_mutex);
  if (g_users++ == 0) g_routed = std::make_unique<Routed>();
}

StreamRouting::~StreamRouting() {
  const std::scoped_lock lock(g_mutex);
  if (--g_users == 0) g_routed.reset();
}

StreamCapture::StreamCapture(CaptureFiles files) : outer_(t_capture) {
  out_.path = std::move(files.out);
  err_.path = std::move(files.err);
  t_capture = this;
}

StreamCapture::~StreamCapture() {
  if (t_capture == this) t_capture = outer_;
}

void StreamCapture::add(bool to_err, std::string_view text) {
  Stream& stream = to_err ? err_ : out_;
  stream.used = true;
  stream.pending += text;
  if (stream.pending.size() >= kBuffered) flush(to_err);
}

void StreamCapture::flush(bool to_err) {
  Stream& stream = to_err ? err_ : out_;
  if (stream.pending.empty()) return;
  Files& files = real_files();
  if (!stream.file) {
    (void)files.make_folders(parent_path(stream.path));
    if (auto file = files.open_append(stream.path)) stream.file = std::move(*file);
  }
  if (stream.file) (void)files.write(stream.file, stream.pending);
  stream.pending.clear();
}

std::optional<CaptureFiles> StreamCapture::finish() {
  if (t_capture == this) t_capture = outer_;
  flush(false);
  flush(true);
  if (!out_.used && !err_.used) return std::nullopt;
  return CaptureFiles{out_.used ? out_.path : "", err_.used ? err_.path : ""};
}

}  // namespace treadle::execute
