// How values of C++ types become the files of an artifact. Built in: text, bytes, files, folders,
// and as JSON everything json_of.h and json_containers.h know.
#pragma once

#include <treadle/cpp/json_containers.h>
#include <treadle/cpp/partitions.h>
#include <treadle/cpp/values.h>
#include <treadle/define/codec.h>
#include <treadle/define/type_name.h>

#include <memory>
#include <string>

namespace treadle {

// Specialise it to keep a type in a form of its own. encode() names the file; decode() gets it
// back:
//   template <> struct td::CodecFor<Image> {
//     static td::Result<td::Encoded> encode(const Image& image) {
//       return td::Encoded{.format = "file", .file_name = "image.png", .bytes = to_png(image)};
//     }
//     static td::Result<Image> decode(td::Stored& stored) {
//       TREADLE_TRY(std::string png, stored.bytes());
//       return from_png(png);
//     }
//   };
template <class T>
struct CodecFor;

// Of values that only pass through IO managers of your own: lifts the demand for a codec.
template <class T>
inline constexpr bool kept_by_own_io_manager = false;

template <class T>
concept Storable = requires(const T& value, Stored& stored) {
  { CodecFor<T>::encode(value) } -> std::same_as<Result<Encoded>>;
  { CodecFor<T>::decode(stored) } -> std::same_as<Result<T>>;
};

namespace cpp {

Result<Encoded> encode_json(JsonOut out);
Result<Json> decode_json(Stored& stored);
tl::unexpected<Error> unreadable(const Stored& stored, std::string_view wanted);
tl::unexpected<Error> wrong_type(const Value& value, const std::type_info& wanted);
tl::unexpected<Error> other_partitions(const std::vector<std::string>& given,
                                       const std::vector<std::string>& wanted);
tl::unexpected<Error> wrong_partitions(const std::vector<std::string>& given,
                                       const std::vector<std::string>& wanted);

}  // namespace cpp

template <>
struct CodecFor<std::string> {
  static Result<Encoded> encode(const std::string& value);
  static Result<std::string> decode(Stored& stored);
};
template <>
struct CodecFor<Bytes> {
  static Result<Encoded> encode(const Bytes& value);
  static Result<Bytes> decode(Stored& stored);  // the content of any kept file but a pickle
};
template <>
struct CodecFor<File> {
  static Result<Encoded> encode(const File& value);
  static Result<File> decode(Stored& stored);  // any kept file but a pickle
};
template <>
struct CodecFor<Folder> {
  static Result<Encoded> encode(const Folder& value);
  static Result<Folder> decode(Stored& stored);
};

template <JsonStorable T>
struct CodecFor<T> {
  static constexpr bool kJson = true;
  static Result<Encoded> encode(const T& value) {
    JsonOut out;
    JsonOf<T>::write(out, value);
    return cpp::encode_json(std::move(out));
  }
  static Result<T> decode(Stored& stored) {
    TREADLE_TRY(const Json json, cpp::decode_json(stored));
    return JsonOf<T>::read(json);
  }
};

namespace cpp {

// Codecs as the engine wants them, with as little as possible per type.
class JsonCodec : public Codec {
 public:
  explicit JsonCodec(const std::type_info& type) : type_(type) {}
  Result<Encoded> encode(const Value& value) const final;
  Result<Value> decode(Stored& stored) const final;

 private:
  virtual void write(JsonOut& out, const Value& value) const = 0;
  virtual Result<Value> read(JsonRef json) const = 0;
  const std::type_info& type_;
};

// Several partitions at once are a ByPartition<T>.
template <class T, class Base>
class OverPartitions : public Base {
 public:
  using Base::Base;
  Result<std::vector<Value>> split(const Value& value,
                                   const std::vector<std::string>& keys) const final {
    const auto* all = value.get<ByPartition<T>>();
    if (all == nullptr) return Codec::split(value, keys);
    std::vector<Value> values;
    for (const std::string& key : keys) {
      if (const auto found = all->find(key); found != all->end()) {
        values.push_back(Value::of(T(found->second)));
      }
    }
    if (values.size() == keys.size() && all->size() == keys.size()) return values;
    std::vector<std::string> given;
    for (const auto& [key, one] : *all) given.push_back(key);
    return other_partitions(given, keys);
  }
  Result<Value> decode_all(
      const std::vector<std::pair<std::string, Stored*>>& partitions) const final {
    ByPartition<T> all;
    for (const auto& [key, stored] : partitions) {
      TREADLE_TRY(const Value value, this->decode(*stored));
      all.emplace(key, *value.template get<T>());
    }
    return Value::of(std::move(all));
  }
};

// How a member of a record is kept in a column.
template <class M>
constexpr RowColumn::Kind column_kind() {
  if constexpr (std::same_as<M, bool>) {
    return RowColumn::Kind::kBool;
  } else if constexpr (std::integral<M>) {
    return RowColumn::Kind::kInt;
  } else if constexpr (std::floating_point<M>) {
    return RowColumn::Kind::kFloat;
  } else if constexpr (std::same_as<M, std::string> || Enumerated<M>) {
    return RowColumn::Kind::kText;
  } else {
    return RowColumn::Kind::kJson;
  }
}
template <class T>
struct ColumnOf {
  template <class M>
  static RowColumn of(const Field<T, M>& field) {
    return {std::string(field.name), column_kind<M>(), false};
  }
  template <class M>
  static RowColumn of(const Field<T, std::optional<M>>& field) {
    return {std::string(field.name), column_kind<M>(), true};
  }
};
template <class T>
struct RowsOf {
  static std::vector<RowColumn> columns() { return {}; }
};
template <Described R>
struct RowsOf<std::vector<R>> {
  static std::vector<RowColumn> columns() {
    return std::apply(
        [](const auto&... field) { return std::vector<RowColumn>{ColumnOf<R>::of(field)...}; },
        treadle_fields(static_cast<const R*>(nullptr)));
  }
};

template <class T>
class JsonCodecOf final : public OverPartitions<T, JsonCodec> {
 public:
  JsonCodecOf() : OverPartitions<T, JsonCodec>(typeid(T)) {}
  std::vector<RowColumn> columns() const override { return RowsOf<T>::columns(); }

 private:
  void write(JsonOut& out, const Value& value) const override {
    JsonOf<T>::write(out, *value.get<T>());
  }
  Result<Value> read(JsonRef json) const override {
    auto object = JsonOf<T>::read(json);
    if (!object) return tl::make_unexpected(std::move(object).error());
    return Value::of(std::move(*object));
  }
};

template <class T>
class OwnCodecOf final : public OverPartitions<T, Codec> {
 public:
  Result<Encoded> encode(const Value& value) const override {
    const T* object = value.get<T>();
    if (object == nullptr) return wrong_type(value, typeid(T));
    auto encoded = CodecFor<T>::encode(*object);
    if (encoded && encoded->type_name.empty()) encoded->type_name = treadle::type_name(typeid(T));
    return encoded;
  }
  Result<Value> decode(Stored& stored) const override {
    auto object = CodecFor<T>::decode(stored);
    if (!object) return tl::make_unexpected(std::move(object).error());
    return Value::of(std::move(*object));
  }
};

// A pointer to what lives for ever.
std::shared_ptr<const Codec> share_static(const Codec& codec);

template <class T>
inline constexpr bool is_kept_as_json = requires { CodecFor<T>::kJson; };

}  // namespace cpp

// The codec of a type; one object per type, shared.
template <class T>
std::shared_ptr<const Codec> codec_of() {
  static const std::conditional_t<cpp::is_kept_as_json<T>, cpp::JsonCodecOf<T>, cpp::OwnCodecOf<T>>
      codec;
  return cpp::share_static(codec);
}

}  // namespace treadle
