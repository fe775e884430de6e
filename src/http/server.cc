// The one translation unit of the tree that includes Asio and Beast.
#include "head.h"
#include <treadle/http/gzip.h>
#include <treadle/http/server.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace treadle::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using TcpStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = beast::http::request_parser<beast::http::buffer_body>;
using Strand = asio::strand<asio::io_context::executor_type>;
template <class T>
using Task = asio::awaitable<T>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 256 << 10;  // bytes handed to a sink or read from a file at once
constexpr std::size_t kHeadPiece = 16 << 10;
constexpr std::size_t kReserved = 8 << 20;      // at most, for a body that is kept whole
constexpr std::size_t kSmallestGzip = 8 << 10;  // below, packing costs more than it saves

// A connection that can be told to end when it is between requests. Guarded by Shared::mutex.
struct Member {
  std::function<void()> cancel;
  bool idle = true;
};

struct Shared {
  Shared(Router r, const ServerOptions& o)
      : router(std::move(r)), options(o), workers(static_cast<std::size_t>(o.worker_threads)) {}
  const Router router;
  const ServerOptions options;
  asio::io_context io;
  asio::thread_pool workers;
  std::mutex mutex;
  std::condition_variable changed;
  std::list<Member> members;
  std::atomic<bool> draining{false};
  std::atomic<std::int64_t> served{0};
};

Request read_head(const Parser& parser, const Tcp::endpoint& peer, bool secure) {
  const auto& head = parser.get();
  Request request;
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  for (const auto& field : head) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.peer = peer.address().to_string();
  request.loopback = peer.address().is_loopback();
  request.secure = secure;
  if (const auto length = parser.content_length()) {
    request.content_length = static_cast<std::int64_t>(*length);
  }
  return request;
}

bool wants_gzip(const Request& request, const Response& response) {
  if (request.loopback || response.file || response.body.size() < kSmallestGzip) return false;
  if (response.status == 206 || find_header(response.headers, "Content-Encoding")) return false;
  const std::string* accept = request.header("Accept-Encoding");
  return accept && accept->find("gzip") != std::string::npos;
}

bool is_gzip(const Request& request) {
  const std::string* encoding = request.header("Content-Encoding");
  return encoding && *encoding == "gzip";
}

template <class Stream>
class Connection {
 public:
  Connection(Stream stream, Tcp::endpoint peer, Strand strand, Shared& shared)
      : stream_(std::move(stream)),
        peer_(std::move(peer)),
        strand_(std::move(strand)),
        shared_(shared) {
    const std::lock_guard lock(shared_.mutex);
    shared_.members.push_back({[this] { lowest().cancel(); }, true});
    member_ = std::prev(shared_.members.end());
  }
  ~Connection() {
    const std::lock_guard lock(shared_.mutex);
    shared_.members.erase(member_);
    shared_.changed.notify_all();
  }
  Connection(const Connection&) = delete;

  Task<void> run() {
    error_code error;
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(shared_.options.header_timeout);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, token(error));
      if (error) co_return;
    }
    while (!shared_.draining) {
      if (!co_await exchange()) break;
    }
    lowest().expires_after(std::chrono::seconds(2));
    if constexpr (std::is_same_v<Stream, TlsStream>) co_await stream_.async_shutdown(token(error));
    lowest().socket().shutdown(Tcp::socket::shutdown_both, error);
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  static auto token(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }
  auto to_worker() { return asio::post(asio::bind_executor(shared_.workers, asio::use_awaitable)); }
  auto to_strand() { return asio::post(asio::bind_executor(strand_, asio::use_awaitable)); }
  void set_idle(bool idle) {
    const std::lock_guard lock(shared_.mutex);
    member_->idle = idle;
  }

  // One request and its answer. False: the connection ends.
  Task<bool> exchange() {
    error_code error;
    if (buffer_.size() == 0) {
      set_idle(true);
      lowest().expires_after(shared_.options.idle_timeout);
      const std::size_t got =
          co_await stream_.async_read_some(buffer_.prepare(kHeadPiece), token(error));
      if (error) co_return false;
      buffer_.commit(got);
    }
    set_idle(false);
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_.options.header_limit));
    parser.body_limit(boost::none);
    error = co_await read_head_of(parser);
    if (error) {
      if (error.category() ==
              beast::http::make_error_code(beast::http::error::bad_method).category() &&
          error != beast::http::error::end_of_stream &&
          error != beast::http::error::partial_message) {
        const bool large = error == beast::http::error::header_limit;
        // Named, because g++ 12 destroys temporaries of a co_await expression twice.
        const Request unread;
        Response refused = error_response(large ? 431 : 400, "The request is not valid HTTP.");
        co_await send(unread, std::move(refused), false);
      }
      co_return false;
    }
    const auto begun = Clock::now();
    Request request = read_head(parser, peer_, std::is_same_v<Stream, TlsStream>);
    bytes_in_ = 0;
    left_ = parser.is_done() ? 0 : request.content_length;
    route_.clear();
    Response response = co_await answer(parser, request);
    const bool body_read = is_read(parser);
    const bool keep = body_read && parser.keep_alive() && !response.close && !shared_.draining;
    if (response.delay_ms > 0) {
      lowest().expires_never();
      asio::steady_timer timer(strand_, std::chrono::milliseconds(response.delay_ms));
      co_await timer.async_wait(token(error));
    }
    const std::int64_t sent = co_await send(request, std::move(response), keep);
    ++shared_.served;
    if (shared_.options.on_exchange) {
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
      shared_.options.on_exchange(
          {request, status_, bytes_in_, std::max<std::int64_t>(sent, 0), took, route_, note_});
    }
    if (sent < 0) co_return false;
    if (!body_read) co_await linger(parser);
    co_return keep;
  }

  // Most often it came whole with the first bytes: Beast's own operation would go round the reactor for it.
  Task<error_code> read_head_of(Parser& parser) {
    lowest().expires_after(shared_.options.header_timeout);
    while (true) {
      error_code error = beast::http::error::need_more;
      if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), error));
      if (parser.is_header_done()) co_return error_code();
      if (error != beast::http::error::need_more) co_return error;
      error_code broken;
      const std::size_t got =
          co_await stream_.async_read_some(buffer_.prepare(kHeadPiece), token(broken));
      if (broken) co_return beast::http::make_error_code(beast::http::error::partial_message);
      buffer_.commit(got);
    }
  }

  Task<Response> answer(Parser& parser, Request& request) {
    // Another coding than chunked leaves open where the body ends: nobody smuggles a request behind it.
    if (const std::string* coding = request.header("Transfer-Encoding")) {
      if (!beast::iequals(*coding, "chunked")) {
        Response refused =
            error_response(400, "The body has a Transfer-Encoding other than chunked.");
        refused.close = true;
        co_return refused;
      }
    }
    if (!split_target(request)) co_return error_response(400, "The address is not valid.");
    const Router::Match match = shared_.router.match(request);
    if (match.route == nullptr) {
      if (!match.allow.empty()) {
        Response refused =
            error_response(405, "This address does not take " + request.method + ".");
        refused.with("Allow", match.allow);
        co_return refused;
      }
      co_return error_response(404, "There is nothing at this address.");
    }
    const Route& route = *match.route;
    route_ = route.pattern;
    if (route.open_sink) {
      // Who asks first whether the body is wanted hears no before it is sent.
      const bool small =
          request.content_length >= 0 && request.content_length <= std::int64_t{kPiece};
      if (small && !request.header("Expect")) co_return co_await whole_body(parser, request, route);
      co_return co_await stream_body(parser, request, route);
    }
    if (request.content_length > static_cast<std::int64_t>(route.body_limit)) {
      co_return too_large(route.body_limit);
    }
    if (auto refused = co_await read_body(parser, request, route.body_limit)) {
      co_return *std::move(refused);
    }
    lowest().expires_never();
    co_await to_worker();
    Response response = call(route, request);
    co_await to_strand();
    co_return response;
  }

  static Response too_large(std::size_t limit) {
    return error_response(413, "The body is larger than " + std::to_string(limit) + " bytes.");
  }

  Response call(const Route& route, Request& request) {
    try {
      if (is_gzip(request)) {
        auto plain = gunzip(request.body, route.body_limit);
        if (!plain) {
          return error_response(plain.error().code == Errc::kUnsupported ? 413 : 400,
                                plain.error().message);
        }
        request.body = *std::move(plain);
      }
      Response response = route.handler(request);
      if (wants_gzip(request, response)) {
        response.body = gzip(response.body);
        response.with("Content-Encoding", "gzip").with("Vary", "Accept-Encoding");
      }
      return response;
    } catch (const std::exception& e) {
      return error_response(500, std::string("This is a bug in the server: ") + e.what());
    }
  }

  Task<bool> send_continue(const Parser& parser) {
    const auto expect = parser.get().find(beast::http::field::expect);
    if (expect == parser.get().end() || !beast::iequals(expect->value(), "100-continue")) {
      co_return true;
    }
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code error;
    lowest().expires_after(shared_.options.stall_timeout);
    co_await asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                               token(error));
    co_return !error;
  }

  bool is_read(const Parser& parser) const { return left_ < 0 ? parser.is_done() : left_ == 0; }

  // Up to `size` bytes of the body into `data`, fewer only at its end; -1 when the sender went away or
  // sends nonsense.
  Task<std::int64_t> read_piece(Parser& parser, char* data, std::size_t size) {
    error_code error;
    if (left_ >=
        0) {  // of known length: nothing in it is the parser's, and it comes without a copy
      size =
          static_cast<std::size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(size)));
      std::size_t done = asio::buffer_copy(asio::buffer(data, size), buffer_.data());
      buffer_.consume(done);
      while (done < size) {
        lowest().expires_after(shared_.options.stall_timeout);
        done +=
            co_await stream_.async_read_some(asio::buffer(data + done, size - done), token(error));
        if (error) co_return -1;
      }
      left_ -= static_cast<std::int64_t>(size);
      bytes_in_ += static_cast<std::int64_t>(size);
      co_return static_cast<std::int64_t>(size);
    }
    lowest().expires_after(shared_.options.stall_timeout);
    parser.get().body().data = data;
    parser.get().body().size = size;
    parser.get().body().more = true;
    co_await beast::http::async_read(stream_, buffer_, parser, token(error));
    if (error && error != beast::http::error::need_buffer) co_return -1;
    const auto got = static_cast<std::int64_t>(size - parser.get().body().size);
    bytes_in_ += got;
    co_return got;
  }

  Task<std::optional<Response>> read_body(Parser& parser, Request& request, std::size_t limit) {
    if (is_read(parser)) co_return std::nullopt;
    if (!co_await send_continue(parser)) co_return gone();
    std::string& body = request.body;
    const std::size_t announced =
        request.content_length > 0 ? static_cast<std::size_t>(request.content_length) : 0;
    // Addresses, not memory: pages come with what arrives, and nothing is copied as it grows.
    body.reserve(std::min({announced, limit, kReserved}));
    while (!is_read(parser)) {
      const std::size_t at = body.size();
      if (at > limit) co_return too_large(limit);
      // Grows with what really arrives, not with what was announced.
      const std::size_t step =
          std::min(std::max<std::size_t>(at, 16 << 10),
                   announced > at ? announced - at : std::max<std::size_t>(at, 16 << 10));
      body.resize(at + std::min(step, limit + 1 - at));
      const std::int64_t got = co_await read_piece(parser, body.data() + at, body.size() - at);
      if (got < 0) co_return gone();
      body.resize(at + static_cast<std::size_t>(got));
    }
    if (body.size() > limit) co_return too_large(limit);
    co_return std::nullopt;
  }

  static Response gone() {
    Response response = error_response(400, "The body did not arrive whole.");
    response.close = true;
    return response;
  }

  // A small body is read first and taken in one step, on one worker.
  Task<Response> whole_body(Parser& parser, Request& request, const Route& route) {
    if (auto refused = co_await read_body(parser, request, kPiece)) co_return *std::move(refused);
    lowest().expires_never();
    co_await to_worker();
    std::unique_ptr<BodySink> sink;
    if (auto ended = give_whole(route, request, sink)) {
      co_await to_strand();
      co_return *std::move(ended);
    }
    co_return co_await finish(*sink);
  }

  static std::optional<Response> give_whole(const Route& route, const Request& request,
                                            std::unique_ptr<BodySink>& sink) {
    try {
      auto opened = route.open_sink(request);
      if (auto* refused = std::get_if<Response>(&opened)) return std::move(*refused);
      sink = std::get<std::unique_ptr<BodySink>>(std::move(opened));
      return request.body.empty() ? std::nullopt : sink->write(request.body);
    } catch (const std::exception& e) {
      return error_response(500, std::string("This is a bug in the server: ") + e.what());
    }
  }

  // From a worker, which is free again while the sink waits; goes on on the strand with its answer.
  Task<Response> finish(BodySink& sink) {
    const auto begin = [&sink, strand = strand_](auto handler) {
      auto kept = std::make_shared<decltype(handler)>(std::move(handler));  // it cannot be copied
      const Answer answer = [kept, strand](Response response) {
        asio::post(strand, [kept, response = std::move(response)]() mutable {
          std::move (*kept)(std::move(response));
        });
      };
      try {
        sink.finish(answer);
      } catch (const std::exception& e) {
        answer(error_response(500, std::string("This is a bug in the server: ") + e.what()));
      }
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Response)>(
        begin, asio::use_awaitable);
  }

  Task<Response> stream_body(Parser& parser, Request& request, const Route& route) {
    lowest().expires_never();
    co_await to_worker();
    std::variant<std::unique_ptr<BodySink>, Response> opened;
    std::optional<Response> ended;
    try {
      opened = route.open_sink(request);
      if (auto* refused = std::get_if<Response>(&opened)) ended = std::move(*refused);
    } catch (const std::exception& e) {
      ended = error_response(500, std::string("This is a bug in the server: ") + e.what());
    }
    co_await to_strand();
    if (ended) co_return *std::move(ended);
    std::unique_ptr<BodySink> sink = std::get<std::unique_ptr<BodySink>>(std::move(opened));
    if (!is_read(parser) && !co_await send_continue(parser)) co_return gone();
    std::string piece;
    while (!is_read(parser) && !ended) {
      piece.resize(request.content_length >= 0 && request.content_length < std::int64_t{kPiece}
                       ? static_cast<std::size_t>(std::max<std::int64_t>(request.content_length, 1))
                       : kPiece);
      const std::int64_t got = co_await read_piece(parser, piece.data(), piece.size());
      if (got < 0) co_return gone();
      piece.resize(static_cast<std::size_t>(got));
      lowest().expires_never();
      co_await to_worker();
      try {
        ended = sink->write(piece);
      } catch (const std::exception& e) {
        ended = error_response(500, std::string("This is a bug in the server: ") + e.what());
      }
      co_await to_strand();
    }
    if (ended) co_return *std::move(ended);
    co_await to_worker();
    co_return co_await finish(*sink);
  }

  // Bytes of the body that were sent; -1 when the other side went away.
  Task<std::int64_t> send(const Request& request, Response response, bool keep_alive) {
    status_ = response.status;
    note_ = response.note;
    const bool head_only = request.method == "HEAD";
    const std::int64_t size =
        response.file ? response.file->size : static_cast<std::int64_t>(response.body.size());
    const std::string head = head_text(response, size, keep_alive);
    error_code error;
    lowest().expires_after(shared_.options.stall_timeout);
    const bool with_body = !head_only && !response.file;
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head), with_body ? asio::buffer(response.body) : asio::const_buffer{}};
    co_await asio::async_write(stream_, parts, token(error));
    if (error) co_return -1;
    if (head_only) co_return 0;
    if (response.file && !co_await send_file(*response.file)) co_return -1;
    co_return size;
  }

  Task<bool> send_file(const FileSlice& slice) {
    std::string piece;
    std::int64_t done = 0;
    while (done < slice.size) {
      const auto want = static_cast<std::size_t>(std::min<std::int64_t>(slice.size - done, kPiece));
      lowest().expires_never();
      co_await to_worker();
      const auto read = real_files().read_at(*slice.file, slice.offset + done, want, piece);
      co_await to_strand();
      if (!read || piece.size() != want) co_return false;
      error_code error;
      lowest().expires_after(shared_.options.stall_timeout);
      co_await asio::async_write(stream_, asio::buffer(piece), token(error));
      if (error) co_return false;
      done += static_cast<std::int64_t>(want);
    }
    co_return true;
  }

  // The sender is not reading yet: closing now would throw the answer away with what it still sends.
  Task<void> linger(Parser& parser) {
    error_code error;
    lowest().socket().shutdown(Tcp::socket::shutdown_send, error);
    std::string piece(64 << 10, '\0');
    std::int64_t left = 256 << 20;
    const auto until = Clock::now() + std::chrono::seconds(10);
    while (!is_read(parser) && left > 0 && Clock::now() < until) {
      lowest().expires_after(std::chrono::seconds(1));
      const std::size_t got = co_await stream_.async_read_some(asio::buffer(piece), token(error));
      if (error || got == 0) co_return;
      left -= static_cast<std::int64_t>(got);
      if (left_ > 0) left_ = std::max<std::int64_t>(left_ - static_cast<std::int64_t>(got), 0);
    }
  }

  Stream stream_;
  const Tcp::endpoint peer_;
  Strand strand_;
  Shared& shared_;
  std::list<Member>::iterator member_;
  beast::flat_buffer buffer_;
  std::int64_t left_ = 0;  // of the body, when its length is known; -1: the parser knows
  std::int64_t bytes_in_ = 0;
  int status_ = 0;
  std::string route_;
  std::string note_;
};

template <class Stream>
Task<void> converse(std::unique_ptr<Connection<Stream>> connection) {
  try {
    co_await connection->run();
  } catch (const std::exception&) {
    // The connection is broken in a way nobody foresaw; it is closed, and others go on.
  }
}

class BeastServer final : public Server {
 public:
  BeastServer(Router router, const ServerOptions& options)
      : shared_(std::move(router), options), acceptor_(shared_.io) {}
  ~BeastServer() override { stop(); }

  Result<void> listen() {
    const ServerOptions& options = shared_.options;
    if (options.tls_certificate.empty() != options.tls_key.empty()) {
      return fail(Errc::kInvalidArgument,
                  "TLS needs both a certificate and its key: give --tls-cert and --tls-key.");
    }
    if (!options.tls_certificate.empty()) TREADLE_CHECK(load_tls());
    const std::string place = options.host + ":" + std::to_string(options.port);
    error_code error;
    Tcp::resolver resolver(shared_.io);
    const auto found =
        resolver.resolve(options.host, std::to_string(options.port),
                         Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
    if (error || found.empty()) {
      return fail(Errc::kInvalidArgument,
                  "The address '" + options.host + "' is not one of this machine's: " +
                      error.message() + ". Use 127.0.0.1, 0.0.0.0 or a name of this machine.");
    }
    const Tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(1024, error);
    if (error) {
      return fail(error == asio::error::address_in_use ? Errc::kBusy : Errc::kIo,
                  "Cannot listen on " + place + ": " + error.message() +
                      ". Another program may be using it: choose another --port.");
    }
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  int port() const override { return port_; }

  void start() override {
    asio::co_spawn(shared_.io, accept(), asio::detached);
    work_.emplace(shared_.io.get_executor());
    for (int i = 0; i < shared_.options.io_threads; ++i) {
      threads_.emplace_back([this] { shared_.io.run(); });
    }
  }

  void stop() override {
    if (stopped_.exchange(true)) return;
    shared_.draining = true;
    asio::post(shared_.io, [this] {
      error_code error;
      acceptor_.close(error);
    });
    if (threads_.empty()) return;
    {
      std::unique_lock lock(shared_.mutex);
      for (Member& member : shared_.members) {
        if (member.idle) member.cancel();
      }
      shared_.changed.wait_for(lock, shared_.options.drain_timeout,
                               [&] { return shared_.members.empty(); });
    }
    work_.reset();
    shared_.io.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    shared_.workers.join();
  }

  int open_connections() const override {
    auto& shared = const_cast<Shared&>(shared_);
    const std::lock_guard lock(shared.mutex);
    return static_cast<int>(shared.members.size());
  }
  std::int64_t requests_served() const override { return shared_.served; }

 private:
  Result<void> load_tls() {
    const ServerOptions& options = shared_.options;
    tls_.emplace(asio::ssl::context::tls_server);
    error_code error;
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                      error);
    tls_->use_certificate_chain_file(options.tls_certificate, error);
    if (error) {
      return fail(Errc::kInvalidArgument, "Cannot use the certificate '" + options.tls_certificate +
                                              "': " + error.message() +
                                              ". It must be a PEM file with the whole chain.");
    }
    tls_->use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
    if (error) {
      return fail(Errc::kInvalidArgument, "Cannot use the key '" + options.tls_key +
                                              "': " + error.message() +
                                              ". It must be the PEM key of the certificate.");
    }
    return {};
  }

  Task<void> accept() {
    while (!shared_.draining) {
      error_code error;
      Strand strand = asio::make_strand(shared_.io.get_executor());
      Tcp::socket socket(strand);
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (shared_.draining || error == asio::error::operation_aborted) co_return;
      if (error) {  // out of descriptors, most likely: those in use come free
        asio::steady_timer timer(shared_.io, std::chrono::milliseconds(50));
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (open_connections() >= shared_.options.max_connections) continue;
      socket.set_option(Tcp::no_delay(true), error);
      const Tcp::endpoint peer = socket.remote_endpoint(error);
      if (error) continue;
      if (tls_) {
        begin<TlsStream>(TlsStream(beast::tcp_stream(std::move(socket)), *tls_), peer, strand);
      } else {
        begin<TcpStream>(TcpStream(std::move(socket)), peer, strand);
      }
    }
  }

  template <class Stream>
  void begin(Stream stream, const Tcp::endpoint& peer, const Strand& strand) {
    asio::co_spawn(
        strand,
        converse(std::make_unique<Connection<Stream>>(std::move(stream), peer, strand, shared_)),
        asio::detached);
  }

  Shared shared_;
  Tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> tls_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopped_{false};
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(Router router, const ServerOptions& options) {
  auto server = std::make_unique<BeastServer>(std::move(router), options);
  TREADLE_CHECK(server->listen());
  return server;
}

}  // namespace treadle::http
