#include "encoded_in_memory.h"
#include <treadle/base/digest.h>
#include <treadle/client/connection.h>
#include <treadle/cpp/object_files.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace treadle {
namespace {

std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

// A key as a path of a URL: what is no letter, digit or one of -._~/ is escaped.
std::string escaped_path(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kEndings{
    {{"json", ".json"}, {"text", ".txt"}, {"bytes", ".bin"}}};

class ObjectFiles final : public IOManager {
 public:
  explicit ObjectFiles(ObjectFilesOptions options) : options_(std::move(options)) {
    constexpr std::string_view kS3 = "s3://";
    if (!options_.url.starts_with(kS3)) {
      base_ = without_slash(options_.url);
      return;
    }
    s3_ = true;
    const auto given = [](std::string& value, std::initializer_list<const char*> names) {
      if (value.empty()) value = environment(names);
    };
    given(options_.endpoint, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_S3_ENDPOINT_URL"});
    given(options_.region, {"AWS_REGION", "AWS_DEFAULT_REGION"});
    if (options_.access_key.empty()) {
      given(options_.access_key, {"AWS_ACCESS_KEY_ID"});
      given(options_.secret_key, {"AWS_SECRET_ACCESS_KEY"});
      token_ = environment({"AWS_SESSION_TOKEN"});
    }
    if (options_.region.empty()) options_.region = "us-east-1";
    if (options_.endpoint.empty())
      options_.endpoint = "https://s3." + options_.region + ".amazonaws.com";
    // The bucket as a part of the path: every store understands it.
    base_ = without_slash(options_.endpoint) + "/" +
            escaped_path(without_slash(options_.url.substr(kS3.size())));
  }

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    if (auto kept = store(context, value); !kept)
      return failed(context.output.asset.key, kept.error());
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    auto value = load(context);
    if (!value) return failed(context.asset, value.error());
    return std::move(*value);
  }

 private:
  static tl::unexpected<StepFailure> failed(const AssetKey& asset, const Error& error) {
    StepFailure failure;
    failure.error_class = "ObjectFiles";
    failure.message = "'" + asset.text() + "': " + error.message;
    return tl::unexpected<StepFailure>(std::move(failure));
  }

  static Result<void> check(const AssetKey& asset, const Codec* codec) {
    if (asset.empty()) {
      return fail(Errc::kInvalidArgument,
                  "it is the output of an op, which has no name that an object could have: use "
                  "another IO manager for it.");
    }
    if (codec == nullptr)
      return fail(Errc::kUnsupported, "its type has no codec (TREADLE_FIELDS, td::CodecFor).");
    return {};
  }

  std::string place_of(const AssetKey& asset, const std::string& partition) const {
    std::string place = base_;
    for (const std::string& part : asset.parts()) place += "/" + escaped_path(part);
    return partition.empty() ? place : place + "/" + escaped_path(partition);
  }

  Result<client::Reply> perform(client::Request request) {
    std::shared_ptr<client::Connection> connection;
    {
      const std::scoped_lock lock(mutex_);
      if (!connection_) {
        // Only its URL is asked for; nothing is sent that would name a key.
        TREADLE_TRY(connection_,
                    client::Connection::open({.address = {.base_url = base_, .api_key = "none"}}));
      }
      connection = connection_;
    }
    request.retries = 3;
    request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
    if (s3_ && !options_.access_key.empty()) {
      request.signature = {.scope = "aws:amz:" + options_.region + ":s3",
                           .key = options_.access_key,
                           .secret = options_.secret_key};
      request.headers.emplace_back("x-amz-content-sha256", to_hex(sha256(request.body)));
      if (!token_.empty()) request.headers.emplace_back("x-amz-security-token", token_);
    }
    return connection->perform(std::move(request));
  }

  Result<void> store(OutputContext& context, const Value& value) {
    const Codec* codec = context.output.codec.get();
    const AssetKey& asset = context.output.asset.key;
    TREADLE_CHECK(check(asset, codec));
    std::vector<std::string> keys(1);
    std::vector<Value> values{value};
    if (context.partitions != nullptr) keys = context.partitions->keys();
    if (keys.size() != 1) {
      TREADLE_TRY(values, codec->split(value, keys));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      TREADLE_TRY(Encoded encoded, codec->encode(values[i]));
      const std::string_view ending = ending_of(encoded.format);
      if (ending.empty()) {
        return fail(Errc::kUnsupported, "a value of the form '" + encoded.format +
                                            "' is kept by another IO manager: this one keeps text, "
                                            "JSON and bytes.");
      }
      const std::string url = place_of(asset, keys[i]) + std::string(ending);
      const std::string version = to_hex(sha256(encoded.bytes));
      TREADLE_TRY(const client::Reply done,
                  perform({.method = "PUT", .url = url, .body = std::move(encoded.bytes)}));
      if (keys.size() == 1) {
        context.data_version = version;
        set_metadata(context.metadata, "url", MetadataValue::url(url));
      }
      if (context.partitions != nullptr)
        context.stored.push_back({.key = keys[i], .data_version = version, .artifact = {}});
    }
    return {};
  }

  static std::string_view ending_of(const std::string& format) {
    for (const auto& [name, ending] : kEndings)
      if (name == format) return ending;
    return {};
  }

  // The object of this place, in whichever form it is there.
  Result<EncodedInMemory> read(const std::string& place) {
    for (const auto& [format, ending] : kEndings) {
      auto got = perform({.url = place + std::string(ending)});
      if (!got && got.error().code == Errc::kNotFound) continue;
      if (!got) return fail(std::move(got).error());
      return EncodedInMemory({.format = std::string(format),
                              .file_name = "output" + std::string(ending),
                              .bytes = std::move(got->body)});
    }
    return fail(Errc::kNotFound, "there is no object " + place +
                                     ".json, .txt or .bin: materialize the asset with this IO "
                                     "manager first.");
  }

  Result<Value> load(InputContext& context) {
    const Codec* codec = context.input.codec.get();
    TREADLE_CHECK(check(context.asset, codec));
    std::vector<std::string> keys(1);
    if (context.partitions != nullptr) keys = context.partitions->keys();
    std::vector<EncodedInMemory> parts;
    for (const std::string& key : keys) {
      TREADLE_TRY(EncodedInMemory part, read(place_of(context.asset, key)));
      parts.push_back(std::move(part));
    }
    if (keys.size() == 1) return codec->decode(parts.front());
    std::vector<std::pair<std::string, Stored*>> all;
    for (std::size_t i = 0; i < keys.size(); ++i) all.emplace_back(keys[i], &parts[i]);
    return codec->decode_all(all);
  }

  ObjectFilesOptions options_;
  std::string base_;
  std::string token_;
  bool s3_ = false;
  std::mutex mutex_;
  std::shared_ptr<client::Connection> connection_;
};

}  // namespace

std::shared_ptr<IOManager> object_files(ObjectFilesOptions options) {
  return std::make_shared<ObjectFiles>(std::move(options));
}

}  // namespace treadle
