#include "wire.h"

#include <cstring>
#include <type_traits>

namespace treadle::execute {
namespace {

class Writer {
 public:
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Writer& number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& text(std::string_view value) {
    number(static_cast<std::uint64_t>(value.size()));
    out_ += value;
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// After a read beyond the end, everything is empty and whole() is false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void number(T& value) {
    if (in_.size() < sizeof value) {
      whole_ = false;
      in_ = {};
      return;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
  }
  template <class T>
  T number() {
    T value{};
    number(value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint64_t>();
    if (size > in_.size()) whole_ = false;
    std::string value(in_.substr(0, size));
    in_.remove_prefix(value.size());
    return value;
  }
  // A count of things of at least one byte each.
  std::uint64_t count() {
    const auto n = number<std::uint64_t>();
    if (n > in_.size()) whole_ = false;
    return whole_ ? n : 0;
  }
  bool whole() const { return whole_; }

 private:
  std::string_view in_;
  bool whole_ = true;
};

void write(Writer& w, const KnownVersion& version) {
  w.text(version.data_version).text(version.artifact).number(version.partitions != nullptr);
  if (!version.partitions) return;
  w.number(static_cast<std::uint64_t>(version.partitions->size()));
  for (const auto& [key, known] : *version.partitions) {
    w.text(key).text(known.data_version).text(known.artifact);
  }
}

KnownVersion read_version(Reader& r) {
  KnownVersion version;
  version.data_version = r.text();
  version.artifact = r.text();
  if (!r.number<bool>()) return version;
  auto partitions = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
  for (std::uint64_t n = r.count(); n > 0 && r.whole(); --n) {
    KnownVersion& known = (*partitions)[r.text()];
    known.data_version = r.text();
    known.artifact = r.text();
  }
  version.partitions = std::move(partitions);
  return version;
}

void write(Writer& w, const StepFailure& failure) {
  w.text(failure.message).text(failure.error_class).text(failure.stack);
  w.number(failure.allow_retries).number(failure.interrupted).number(failure.retry.has_value());
  if (failure.retry) {
    w.number(failure.retry->max_retries).number(failure.retry->seconds_to_wait);
  }
  w.text(metadata_to_json(failure.metadata));
  w.number(static_cast<std::uint64_t>(failure.cause.size()));
  for (const StepFailure& cause : failure.cause) write(w, cause);
}

StepFailure read_failure(Reader& r) {
  StepFailure failure;
  failure.message = r.text();
  failure.error_class = r.text();
  failure.stack = r.text();
  r.number(failure.allow_retries);
  r.number(failure.interrupted);
  if (r.number<bool>()) {
    StepFailure::RetryRequest retry;
    r.number(retry.max_retries);
    r.number(retry.seconds_to_wait);
    failure.retry = retry;
  }
  if (auto metadata = metadata_from_json(r.text())) failure.metadata = std::move(*metadata);
  for (std::uint64_t n = r.count(); n > 0 && r.whole(); --n) {
    failure.cause.push_back(read_failure(r));
  }
  return failure;
}

void write(Writer& w, const InputSources* sources) {
  w.number(sources != nullptr);
  if (sources == nullptr) return;
  w.number(static_cast<std::uint64_t>(sources->size()));
  for (const std::vector<InputSource>& list : *sources) {
    w.number(static_cast<std::uint64_t>(list.size()));
    for (const InputSource& source : list) {
      w.number(source.output.step).number(source.output.output).number(source.found);
      w.text(source.step_key).text(source.mapping_key).text(source.run_id);
      write(w, source.version);
    }
  }
}

std::shared_ptr<const InputSources> read_sources(Reader& r) {
  if (!r.number<bool>()) return nullptr;
  auto sources = std::make_shared<InputSources>();
  for (std::uint64_t inputs = r.count(); inputs > 0 && r.whole(); --inputs) {
    std::vector<InputSource>& list = sources->emplace_back();
    for (std::uint64_t n = r.count(); n > 0 && r.whole(); --n) {
      InputSource& source = list.emplace_back();
      r.number(source.output.step);
      r.number(source.output.output);
      r.number(source.found);
      source.step_key = r.text();
      source.mapping_key = r.text();
      source.run_id = r.text();
      source.version = read_version(r);
    }
  }
  return sources;
}

template <class T>
std::optional<T> if_whole(const Reader& r, T value) {
  if (!r.whole()) return std::nullopt;
  return value;
}

}  // namespace

std::string encode(const StartBody& body) {
  Writer w;
  w.number(body.attempt.step).number(body.attempt.number).number(body.attempt.tries);
  w.number(body.attempt.instance).text(body.attempt.mapping_key);
  write(w, body.attempt.sources.get());
  w.number(static_cast<std::uint64_t>(body.versions.size()));
  for (const auto& [node, version] : body.versions) {
    w.number(node);
    write(w, version);
  }
  return w.take();
}

std::optional<StartBody> decode_start(std::string_view text) {
  Reader r(text);
  StartBody body;
  r.number(body.attempt.step);
  r.number(body.attempt.number);
  r.number(body.attempt.tries);
  r.number(body.attempt.instance);
  body.attempt.mapping_key = r.text();
  body.attempt.sources = read_sources(r);
  for (std::uint64_t n = r.count(); n > 0 && r.whole(); --n) {
    const auto node = r.number<plan::NodeId>();
    body.versions.emplace_back(node, read_version(r));
  }
  return if_whole(r, std::move(body));
}

std::string encode(const StartedBody& body) {
  Writer w;
  w.number(body.pid).number(body.captured).text(body.out).text(body.err);
  return w.number(body.out_begin).number(body.err_begin).take();
}

std::optional<StartedBody> decode_started(std::string_view text) {
  Reader r(text);
  StartedBody body;
  r.number(body.pid);
  r.number(body.captured);
  body.out = r.text();
  body.err = r.text();
  r.number(body.out_begin);
  r.number(body.err_begin);
  return if_whole(r, std::move(body));
}

std::string encode(const Event& event) {
  Writer w;
  w.number(event.type).number(event.level).number(event.time);
  w.text(event.step_key).text(event.asset_key).text(event.partition);
  return w.text(event.message).text(event.payload).take();
}

std::optional<Event> decode_event(std::string_view text) {
  Reader r(text);
  Event event;
  r.number(event.type);
  r.number(event.level);
  r.number(event.time);
  event.step_key = r.text();
  event.asset_key = r.text();
  event.partition = r.text();
  event.message = r.text();
  event.payload = r.text();
  return if_whole(r, std::move(event));
}

std::string encode(const AttemptReport& report) {
  Writer w;
  w.number(report.duration).number(report.hooks_follow).number(report.failure.has_value());
  if (report.failure) write(w, *report.failure);
  w.number(static_cast<std::uint64_t>(report.outputs.size()));
  for (const ProducedOutput& output : report.outputs) {
    w.number(output.output).text(output.mapping_key);
    write(w, output.version);
  }
  return w.take();
}

std::optional<AttemptReport> decode_report(std::string_view text) {
  Reader r(text);
  AttemptReport report;
  r.number(report.duration);
  r.number(report.hooks_follow);
  if (r.number<bool>()) report.failure = read_failure(r);
  for (std::uint64_t n = r.count(); n > 0 && r.whole(); --n) {
    ProducedOutput& output = report.outputs.emplace_back();
    r.number(output.output);
    output.mapping_key = r.text();
    output.version = read_version(r);
  }
  return if_whole(r, std::move(report));
}

std::string encode(const ProcessExit& exit) {
  return Writer().number(exit.signal).number(exit.code).take();
}

std::optional<ProcessExit> decode_exit(std::string_view text) {
  Reader r(text);
  ProcessExit exit;
  r.number(exit.signal);
  r.number(exit.code);
  return if_whole(r, exit);
}

}  // namespace treadle::execute
