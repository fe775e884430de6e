// Containers as JSON: vectors, arrays and sets are lists, maps with text keys are objects, other
// maps lists of [key, value], pairs and tuples lists of their length.
#pragma once

#include <treadle/cpp/json_of.h>

#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace treadle {

namespace cpp {

template <class T>
concept Set = is_a<T, std::set> || is_a<T, std::unordered_set>;
template <class T>
concept Map = is_a<T, std::map> || is_a<T, std::unordered_map>;

inline Result<void> expect_list(JsonRef json) {
  if (json.kind() != JsonRef::Kind::kArray) return unexpected_kind("a list", json);
  return {};
}

// Calls take(element) for each element of a list, until one cannot be read as an E.
template <class E, class Take>
Result<void> read_list(JsonRef json, Take take) {
  TREADLE_CHECK(expect_list(json));
  for (std::size_t i = 0, n = json.size(); i < n; ++i) {
    auto element = JsonOf<E>::read(json[i]);
    if (!element) return at_index(i, std::move(element).error());
    take(std::move(*element));
  }
  return {};
}

}  // namespace cpp

template <JsonStorable T>
struct JsonOf<std::vector<T>> {
  static void write(JsonOut& out, const std::vector<T>& list) {
    out.json.begin_array();
    for (const T& element : list) JsonOf<T>::write(out, element);
    out.json.end_array();
  }
  static Result<std::vector<T>> read(JsonRef json) {
    std::vector<T> list;
    list.reserve(json.size());
    TREADLE_CHECK(cpp::read_list<T>(json, [&](T element) { list.push_back(std::move(element)); }));
    return list;
  }
};

template <JsonStorable T, std::size_t N>
  requires std::default_initializable<T>
struct JsonOf<std::array<T, N>> {
  static void write(JsonOut& out, const std::array<T, N>& list) {
    out.json.begin_array();
    for (const T& element : list) JsonOf<T>::write(out, element);
    out.json.end_array();
  }
  static Result<std::array<T, N>> read(JsonRef json) {
    if (json.size() != N) return cpp::unexpected_kind("a list of " + std::to_string(N), json);
    std::array<T, N> list{};
    std::size_t next = 0;
    TREADLE_CHECK(cpp::read_list<T>(json, [&](T element) { list[next++] = std::move(element); }));
    return list;
  }
};

// In the set's order; an unordered one is sorted, so that equal sets are written the same.
template <cpp::Set S>
  requires JsonStorable<typename S::key_type>
struct JsonOf<S> {
  using T = typename S::key_type;
  static void write(JsonOut& out, const S& set) {
    if constexpr (cpp::is_a<S, std::unordered_set>) {
      JsonOf<std::set<T>>::write(out, std::set<T>(set.begin(), set.end()));
    } else {
      out.json.begin_array();
      for (const T& element : set) JsonOf<T>::write(out, element);
      out.json.end_array();
    }
  }
  static Result<S> read(JsonRef json) {
    S set;
    TREADLE_CHECK(cpp::read_list<T>(json, [&](T element) { set.insert(std::move(element)); }));
    return set;
  }
};

template <JsonStorable... T>
struct JsonOf<std::tuple<T...>> {
  static void write(JsonOut& out, const std::tuple<T...>& tuple) {
    out.json.begin_array();
    std::apply([&](const T&... element) { (JsonOf<T>::write(out, element), ...); }, tuple);
    out.json.end_array();
  }
  static Result<std::tuple<T...>> read(JsonRef json) {
    if (json.kind() != JsonRef::Kind::kArray || json.size() != sizeof...(T))
      return cpp::unexpected_kind("a list of " + std::to_string(sizeof...(T)), json);
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> Result<std::tuple<T...>> {
      std::tuple<Result<T>...> read{JsonOf<T>::read(json[I])...};
      std::optional<Error> error;
      (void)((std::get<I>(read) ||
              (error = cpp::at_index(I, std::move(std::get<I>(read)).error()).value(), false)) &&
             ...);
      if (error) return fail(std::move(*error));
      return std::tuple<T...>(std::move(*std::get<I>(read))...);
    }(std::index_sequence_for<T...>());
  }
};

template <JsonStorable A, JsonStorable B>
struct JsonOf<std::pair<A, B>> {
  static void write(JsonOut& out, const std::pair<A, B>& pair) {
    out.json.begin_array();
    JsonOf<A>::write(out, pair.first);
    JsonOf<B>::write(out, pair.second);
    out.json.end_array();
  }
  static Result<std::pair<A, B>> read(JsonRef json) {
    TREADLE_TRY(auto both, (JsonOf<std::tuple<A, B>>::read(json)));
    return std::pair<A, B>(std::move(std::get<0>(both)), std::move(std::get<1>(both)));
  }
};

template <cpp::Map M>
  requires JsonStorable<typename M::key_type> && JsonStorable<typename M::mapped_type>
struct JsonOf<M> {
  using K = typename M::key_type;
  using V = typename M::mapped_type;
  static constexpr bool kIsObject = std::same_as<K, std::string>;

  static void write(JsonOut& out, const M& map) {
    if constexpr (cpp::is_a<M, std::unordered_map>) {
      std::map<K, const V*> sorted;
      for (const auto& [key, value] : map) sorted.emplace(key, &value);
      kIsObject ? out.json.begin_object() : out.json.begin_array();
      for (const auto& [key, value] : sorted) write_entry(out, key, *value);
    } else {
      kIsObject ? out.json.begin_object() : out.json.begin_array();
      for (const auto& [key, value] : map) write_entry(out, key, value);
    }
    kIsObject ? out.json.end_object() : out.json.end_array();
  }
  static Result<M> read(JsonRef json) {
    M map;
    if constexpr (kIsObject) {
      if (json.kind() != JsonRef::Kind::kObject) return cpp::unexpected_kind("an object", json);
      for (std::size_t i = 0, n = json.size(); i < n; ++i) {
        auto value = JsonOf<V>::read(json[i]);
        if (!value) return cpp::at_field(json.field_name(i), std::move(value).error());
        map.emplace(json.field_name(i), std::move(*value));
      }
    } else {
      using Entry = std::pair<K, V>;
      TREADLE_CHECK(
          cpp::read_list<Entry>(json, [&](Entry entry) { map.insert(std::move(entry)); }));
    }
    return map;
  }

 private:
  static void write_entry(JsonOut& out, const K& key, const V& value) {
    if constexpr (kIsObject) {
      if (!is_valid_utf8(key)) out.unwritable = true;
      out.json.key(key);
      JsonOf<V>::write(out, value);
    } else {
      out.json.begin_array();
      JsonOf<K>::write(out, key);
      JsonOf<V>::write(out, value);
      out.json.end_array();
    }
  }
};

}  // namespace treadle
