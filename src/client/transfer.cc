#include "transfer.h"

#include "engine.h"
#include "retry.h"
#include "wording.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

namespace treadle::client {
namespace {

using std::chrono::milliseconds;

constexpr long kStallSeconds = 60;
constexpr long kManyBytes = 1 << 20;
constexpr long kLargeBuffer = 512 << 10;
constexpr std::size_t kLargestBody = std::size_t{1} << 30;
// Fewer bytes are fetched anew rather than looked at.
constexpr std::int64_t kWorthContinuing = 1 << 20;
constexpr std::int64_t kHashedBeside = 16 << 20;  // bytes; from there on a second thread hashes
constexpr std::size_t kHashedPiece = 512 << 10;

// Errors that another try would meet again.
bool is_lasting(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

}  // namespace

const std::string* Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
      return &value;
    }
  }
  return nullptr;
}

Transfer::Transfer(Request request, Done done)
    : request_(std::move(request)), done_(std::move(done)) {}

Transfer::~Transfer() {
  libcurl().curl_slist_free_all(sent_headers_);
}

void Transfer::finish(Result<Reply> result) {
  if (result && !request_.to_file.empty()) {
    target_ = OpenFile();
    if (::rename(part_path_.c_str(), request_.to_file.c_str()) != 0) {
      result = fail(errno_error("cannot rename " + part_path_, errno));
    }
  }
  if (auto done = std::exchange(done_, nullptr)) done(std::move(result));
}

Result<void> Transfer::prepare() {
  if (std::exchange(prepared_, true)) return {};
  Files& files = real_files();
  if (!request_.from_file.empty()) {
    TREADLE_TRY(source_, files.open_read(request_.from_file));
    source_size_ = request_.from_size;
    if (source_size_ < 0) {
      TREADLE_TRY(const FileStat stat, files.stat(request_.from_file));
      source_size_ = stat.size - request_.from_offset;
    }
  }
  if (!request_.md5.empty()) hasher_ = std::make_unique<StreamHasher<Md5>>();
  if (request_.hash_sent) sent_hasher_ = std::make_unique<StreamHasher<Sha256>>();
  return request_.to_file.empty() ? Result<void>() : open_part();
}

// What an earlier transfer left is continued, if nobody else is at it.
Result<void> Transfer::open_part() {
  part_path_ = request_.to_file + ".part";
  for (int round = 0;; ++round) {
    target_ = OpenFile(::open(part_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!target_) return fail(errno_error("cannot write " + part_path_, errno));
    if (::flock(target_.fd(), LOCK_EX | LOCK_NB) == 0) break;
    if (round == 1) return fail(errno_error("cannot lock " + part_path_, errno));
    part_path_ +=
        std::to_string(::getpid()) + "." + std::to_string(begun_.time_since_epoch().count());
  }
  const off_t size = ::lseek(target_.fd(), 0, SEEK_END);
  if (size < kWorthContinuing || hasher_ == nullptr) {
    restart();
    return {};
  }
  std::string bytes;
  for (std::int64_t at = 0; at < size; at += static_cast<std::int64_t>(bytes.size())) {
    TREADLE_CHECK(real_files().read_at(target_, at, kLargeBuffer, bytes));
    if (bytes.empty()) break;
    hasher_->update(bytes);
  }
  kept_ = size;
  continued_ = true;
  return {};
}

void Transfer::restart() {
  kept_ = 0;
  continued_ = false;
  if (hasher_ != nullptr) (void)settled_md5();
  if (target_ && ::ftruncate(target_.fd(), 0) != 0) {
    error_ = errno_error("cannot empty " + part_path_, errno);
  }
  if (target_) ::lseek(target_.fd(), 0, SEEK_SET);
}

void Transfer::begin(CURL* handle, const EngineOptions& options) {
  handle_ = handle;
  reply_ = {};
  source_at_ = 0;
  if (sent_hasher_ != nullptr) (void)sent_hasher_->finish();
  skip_ = 0;
  const auto set = [&](CURLoption option, auto value) {
    libcurl().curl_easy_setopt(handle, option, value);
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  if (request_.timeout.count() > 0) {
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  } else {
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  }
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);

  if (sent_headers_ == nullptr) {
    for (const auto& [name, value] : request_.headers) {
      const std::string line = value.empty() ? name + ";" : name + ": " + value;
      sent_headers_ = libcurl().curl_slist_append(sent_headers_, line.c_str());
    }
    // Without it curl waits for leave to send a body that no server of ours refuses. It would be signed, too, but is not sent.
    if (request_.signature.scope.empty()) {
      sent_headers_ = libcurl().curl_slist_append(sent_headers_, "Expect:");
    }
  }
  set(CURLOPT_HTTPHEADER, sent_headers_);
  if (const Signature& signature = request_.signature; !signature.scope.empty()) {
    set(CURLOPT_AWS_SIGV4, signature.scope.c_str());
    set(CURLOPT_USERNAME, signature.key.c_str());
    set(CURLOPT_PASSWORD, signature.secret.c_str());
  }

  const bool uploads = !request_.from_file.empty();
  if (uploads || request_.method == "PUT") {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &Transfer::on_read);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
    set(CURLOPT_SEEKDATA, this);
    const std::int64_t size =
        uploads ? source_size_ : static_cast<std::int64_t>(request_.body.size());
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
    if (size > kManyBytes) set(CURLOPT_UPLOAD_BUFFERSIZE, kLargeBuffer);
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  } else if (request_.method == "GET") {
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 10L);
    if (kept_ > 0) {
      skip_ = kept_;  // until a 206 says otherwise
      set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(kept_));
    }
    if (request_.size > kManyBytes) set(CURLOPT_BUFFERSIZE, kLargeBuffer);
  } else {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    if (!is_loopback(request_.url)) set(CURLOPT_ACCEPT_ENCODING, "gzip");
  }
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) {  // also those of redirects
    transfer.reply_ = {};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      transfer.reply_.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
    }
    if (transfer.reply_.status == 206) transfer.skip_ = 0;
    return size * count;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.remove_suffix(1);
    transfer.reply_.headers.emplace_back(line.substr(0, colon), value);
  }
  return size * count;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (auto taken = transfer.take({bytes, size * count}); !taken) {
    transfer.error_ = std::move(taken).error();
    return 0;
  }
  return size * count;
}

Result<void> Transfer::take(std::string_view bytes) {
  const bool good = reply_.status >= 200 && reply_.status < 300;
  if (!good || (request_.to_file.empty() && !request_.sink)) {
    if (reply_.body.size() + bytes.size() > kLargestBody) {
      return fail(Errc::kUnsupported,
                  "The server " + origin_of(request_.url) + " sent an answer of more than 1 GiB.");
    }
    reply_.body += bytes;
    return {};
  }
  const auto there = std::min<std::int64_t>(skip_, static_cast<std::int64_t>(bytes.size()));
  skip_ -= there;
  bytes.remove_prefix(static_cast<std::size_t>(there));
  return bytes.empty() ? Result<void>() : keep(bytes);
}

Result<void> Transfer::keep(std::string_view bytes) {
  if (hasher_ != nullptr) hash(bytes);
  kept_ += static_cast<std::int64_t>(bytes.size());
  if (request_.sink) return request_.sink(bytes);
  return real_files().write(target_, bytes);
}

// Beside the transfer, when there is much: what comes is not held up by it.
void Transfer::hash(std::string_view bytes) {
  if (hashing_ == nullptr) {
    if (request_.size < kHashedBeside) return hasher_->update(bytes);
    hashing_ =
        std::make_unique<PieceThread>([this](std::string_view piece) { hasher_->update(piece); });
  }
  if (piece_ == nullptr) {
    piece_ = std::make_shared<std::string>();
    piece_->reserve(2 * kHashedPiece);
  }
  piece_->append(bytes);
  if (piece_->size() >= kHashedPiece) hashing_->push(std::exchange(piece_, nullptr));
}

std::string Transfer::settled_md5() {
  if (hashing_ != nullptr) {
    if (piece_ != nullptr) hashing_->push(std::exchange(piece_, nullptr));
    hashing_.reset();
  }
  return to_base64(hasher_->finish());
}

std::size_t Transfer::on_read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const Request& request = transfer.request_;
  const std::int64_t room = static_cast<std::int64_t>(size * count);
  if (request.from_file.empty()) {
    const auto left = static_cast<std::int64_t>(request.body.size()) - transfer.source_at_;
    const auto given = std::min(room, left);
    std::copy_n(request.body.data() + transfer.source_at_, given, out);
    transfer.source_at_ += given;
    return static_cast<std::size_t>(given);
  }
  const std::int64_t wanted = std::min(room, transfer.source_size_ - transfer.source_at_);
  if (wanted <= 0) return 0;
  const ssize_t got = ::pread(transfer.source_.fd(), out, static_cast<std::size_t>(wanted),
                              request.from_offset + transfer.source_at_);
  if (got <= 0) {
    transfer.error_ = got < 0 ? errno_error("cannot read " + request.from_file, errno)
                              : Error{Errc::kIo, "The file " + request.from_file +
                                                     " became shorter while it was sent."};
    return CURL_READFUNC_ABORT;
  }
  transfer.source_at_ += got;
  if (transfer.sent_hasher_ != nullptr) {
    transfer.sent_hasher_->update({out, static_cast<std::size_t>(got)});
  }
  return static_cast<std::size_t>(got);
}

int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.sent_hasher_ != nullptr) {
    if (offset != 0) return CURL_SEEKFUNC_CANTSEEK;
    (void)transfer.sent_hasher_->finish();
  }
  transfer.source_at_ = offset;
  return CURL_SEEKFUNC_OK;
}

bool Transfer::tries_again(milliseconds wait) {
  const auto now = Clock::now();
  if (request_.retry == Retry::kNever || attempt_ >= request_.retries) return false;
  if (request_.patience.count() > 0 && now + wait > begun_ + request_.patience) return false;
  ++attempt_;
  next_try = now + wait;
  return true;
}

std::optional<Result<Reply>> Transfer::end(CURLcode code, const EngineOptions& options) {
  handle_ = nullptr;
  if (error_) return fail(std::move(*error_));
  if (code != CURLE_OK) {
    last_ = unreached_error(request_.url, libcurl().curl_easy_strerror(code), attempt_ + 1);
    if (!is_lasting(code) && tries_again(wait_after(attempt_, options.first_wait)))
      return std::nullopt;
    return fail(std::move(*last_));
  }
  if (reply_.status >= 200 && reply_.status < 300) return succeeded();
  // A part that is whole already: there is nothing after it.
  if (reply_.status == 416 && continued_) {
    restart();
    next_try = Clock::now();
    return std::nullopt;
  }
  const milliseconds wait =
      std::max(wait_after(attempt_, options.first_wait), retry_after(reply_.header("Retry-After")));
  last_ = status_error(request_.method, request_.url, reply_.status, reply_.body);
  if (is_tried_again(request_.retry, reply_.status) && tries_again(wait)) return std::nullopt;
  return fail(std::move(*last_));
}

Error Transfer::stopped() const {
  return last_ ? *last_ : Error{Errc::kCancelled, "The transfer was cancelled."};
}

std::optional<Result<Reply>> Transfer::succeeded() {
  const bool stored = !request_.to_file.empty() || request_.sink;
  if (sent_hasher_ != nullptr) reply_.sent_sha256 = to_hex(sent_hasher_->finish());
  if (hasher_ != nullptr && !stored) hasher_->update(reply_.body);
  const std::int64_t size = stored ? kept_ : static_cast<std::int64_t>(reply_.body.size());
  const bool wrong_size = request_.size >= 0 && size != request_.size;
  const std::string found = hasher_ != nullptr ? settled_md5() : "";
  if (!wrong_size && found == request_.md5) return std::move(reply_);
  if (!request_.sink && !fetched_anew_ && !cancelled()) {
    fetched_anew_ = true;
    restart();
    next_try = Clock::now();
    return std::nullopt;
  }
  std::string text =
      "What the server " + origin_of(request_.url) + " sent is not what it should be: ";
  text += wrong_size ? std::to_string(size) + " bytes instead of " + std::to_string(request_.size)
                     : "its MD5 is " + found + " instead of " + request_.md5;
  if (!part_path_.empty()) ::unlink(part_path_.c_str());
  return fail(Errc::kCorrupt, text + ". Nothing was kept.");
}

}  // namespace treadle::client
