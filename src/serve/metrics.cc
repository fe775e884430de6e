#include "metrics.h"

#include <treadle/base/clock.h>
#include <treadle/base/json.h>

#include <fstream>
#include <unistd.h>

namespace treadle::serve {
namespace {

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  statm >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::string label(const std::string& route) {
  std::string out;
  append_json_string(out, route.empty() ? "none" : route);
  return out;
}

}  // namespace

void Metrics::count(const http::Exchange& exchange) {
  const std::string route(exchange.route);
  const double seconds = static_cast<double>(exchange.took.count()) / 1e6;
  const std::lock_guard lock(mutex_);
  ++requests_[{route, exchange.status}];
  Times& times = times_[route];
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++times.buckets[bucket];
  times.sum += seconds;
  ++times.count;
  bytes_in_ += exchange.bytes_in;
  bytes_out_ += exchange.bytes_out;
}

std::string Metrics::text(const http::Server& server) const {
  std::string out;
  const auto gauge = [&](const char* name, const char* type, const char* help, std::int64_t value) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" +
           name + " " + std::to_string(value) + "\n";
  };
  gauge("treadle_open_connections", "gauge", "Connections now open.", server.open_connections());
  gauge("process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
  const std::lock_guard lock(mutex_);
  gauge("treadle_request_bytes_total", "counter", "Bytes of request bodies.", bytes_in_);
  gauge("treadle_response_bytes_total", "counter", "Bytes of answers.", bytes_out_);
  out +=
      "# HELP treadle_requests_total Requests answered.\n# TYPE treadle_requests_total counter\n";
  for (const auto& [key, count] : requests_) {
    out += "treadle_requests_total{route=" + label(key.first) + ",status=\"" +
           std::to_string(key.second) + "\"} " + std::to_string(count) + "\n";
  }
  out +=
      "# HELP treadle_request_seconds Time to answer.\n# TYPE treadle_request_seconds histogram\n";
  for (const auto& [route, times] : times_) {
    std::int64_t below = 0;
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
      below += times.buckets[i];
      std::string bound = "+Inf";
      if (i < kBounds.size()) {
        bound.clear();
        append_json_number(bound, kBounds[i]);
      }
      out += "treadle_request_seconds_bucket{route=" + label(route) + ",le=\"" + bound + "\"} " +
             std::to_string(below) + "\n";
    }
    std::string sum;
    append_json_number(sum, times.sum);
    out += "treadle_request_seconds_sum{route=" + label(route) + "} " + sum + "\n";
    out += "treadle_request_seconds_count{route=" + label(route) + "} " +
           std::to_string(times.count) + "\n";
  }
  return out;
}

std::string access_line(const http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  JsonWriter w;
  w.begin_object().field("time", format_utc(system_clock().now())).field("peer", request.peer);
  // Without the query: signatures are secrets.
  w.field("method", request.method)
      .field("path", request.target.substr(0, request.target.find('?')));
  w.field("status", exchange.status).field("us", exchange.took.count());
  w.field("in", exchange.bytes_in).field("out", exchange.bytes_out).field("who", exchange.note);
  w.end_object();
  return std::move(w).str();
}

}  // namespace treadle::serve
