// Ops: functions that are no assets, to be wired together in graphs and jobs (compose.h).
//
//   auto chunks = td::op("chunks", [] { return td::Dynamic<int>{{"a", 1}, {"b", 2}}; });
//   auto twice  = td::op("twice", [](int n) { return n * 2; });
//   auto total  = td::op("total", [](const std::vector<int>& ns) { return std::accumulate(...); });
//
// The parameters of the function are the inputs, after a td::Context& if it wants one; what is wired here (td::Config, resources)
// comes behind them. It returns the value of the output "result"; a std::tuple, std::pair or std::array for several outputs; a
// std::optional for an output that may be left out, and what reads it with it; a td::Dynamic for any number of values.
#pragma once

#include <treadle/cpp/body.h>
#include <treadle/cpp/config.h>
#include <treadle/cpp/hook.h>
#include <treadle/define/graph.h>

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle {

// Any number of values of one output, each under a key of its own (letters, digits, '_'): what reads one runs once for each.
template <class T>
struct Dynamic {
  Dynamic() = default;
  Dynamic(std::initializer_list<std::pair<std::string, T>> given) : values(given) {}
  void add(std::string mapping_key, T value) {
    values.emplace_back(std::move(mapping_key), std::move(value));
  }
  std::vector<std::pair<std::string, T>> values;
};

struct OpOptions {
  std::string name = {};
  std::string description = {};
  std::vector<std::string> inputs = {};     // their names; "" = in1, in2, ...
  std::vector<std::string> outputs = {};    // of several: their names; "" = out1, out2, ...
  Tags tags = {};                           // "dagster/priority": among those that could start
  std::vector<std::string> resources = {};  // that the function asks its td::Context for
  std::vector<Hook> hooks = {};
  std::optional<RetryPolicy> retry_policy = {};
  std::string pool = {};  // see RunJobOptions::pools
  double time_limit = 0;  // seconds for one attempt in a process of its own; 0 = any
  std::string io_manager = "io_manager";
  std::string code_version = {};
  std::source_location where = std::source_location::current();
};

// A name with the place it was written at.
struct OpName {
  // NOLINTNEXTLINE(google-explicit-constructor): written as a text
  OpName(const char* text, std::source_location place = std::source_location::current())
      : name(text), where(place) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  OpName(std::string text, std::source_location place = std::source_location::current())
      : name(std::move(text)), where(place) {}
  std::string name;
  std::source_location where;
};

// An op, or a graph (compose.h): what can be used in a graph. `Used` is what using it gives. Cheap to copy.
template <class Used, class... In>
class Op {
 public:
  Op(std::shared_ptr<const StepDef> op, std::shared_ptr<const GraphDef> graph)
      : op_(std::move(op)), graph_(std::move(graph)) {}
  const std::shared_ptr<const StepDef>& op() const { return op_; }         // null: a graph
  const std::shared_ptr<const GraphDef>& graph() const { return graph_; }  // null: an op
  const std::string& name() const { return op_ ? op_->name : graph_->name; }

 private:
  std::shared_ptr<const StepDef> op_;
  std::shared_ptr<const GraphDef> graph_;
};

// An output of a node of the graph that is being composed: hand it to what reads it. Node<void> has no value and only orders.
template <class T>
struct Node {
  NodeOutput from;
};

// All values of a dynamic output as one list: for a parameter std::vector<T>.
template <class T>
struct Collected {
  NodeOutput from;
};

// A dynamic output, or what follows from one.
template <class T>
struct Mapped {
  NodeOutput from;
  // What `use` makes of one value is made of each: chunks.map([&](td::Node<int> n) { return c(work, n); }).
  template <class F>
  auto map(F use) const {
    return as_mapped(use(Node<T>{from}));
  }
  Collected<T> collect() const { return {from}; }

 private:
  template <class U>
  static Mapped<U> as_mapped(Node<U> node) {
    return {std::move(node.from)};
  }
  template <class U>
  static Mapped<U> as_mapped(Mapped<U> mapped) {
    return mapped;
  }
};

namespace cpp {

template <class... In>
struct InputList {
  template <class Used>
  using OpOf = Op<Used, In...>;
};

// The value of the input of that index.
template <class T>
struct OpInput {};

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

bool input_is_list(Context& context, std::size_t input);
std::size_t input_size(Context& context, std::size_t input);
Value load_element(Context& context, std::size_t input, std::size_t index,
                   const std::type_info& wanted);

template <class T>
struct Wire<OpInput<T>> {
  using Given = Types<const T&>;
};
template <class T>
struct Loaded<OpInput<T>> {
  Value value;
  Loaded(Context& context, const OpInput<T>&, std::size_t& next_input) {
    const std::size_t input = next_input++;
    if constexpr (is_vector<T>) {
      using E = typename T::value_type;
      if (input_is_list(context, input)) {
        T list;
        for (std::size_t i = 0; i < input_size(context, input); ++i) {
          list.push_back(*load_element(context, input, i, typeid(E)).template get<E>());
        }
        value = Value::of(std::move(list));
        return;
      }
    }
    value = load_input(context, input, typeid(T));
  }
  std::tuple<const T&> arguments() { return {*value.template get<T>()}; }
};

// What the function takes before what is wired to it.
template <class Params, std::size_t kInputs>
struct InputsOf;
template <class... Param, std::size_t kInputs>
struct InputsOf<Types<Param...>, kInputs> {
  template <std::size_t... I>
  static InputList<std::remove_cvref_t<std::tuple_element_t<I, std::tuple<Param...>>>...> list(
      std::index_sequence<I...>);
  using type = decltype(list(std::make_index_sequence<kInputs>()));
};

// What using an op gives, and how its result is handed over.
template <class R>
struct OpResult {
  using Used = Node<typename Kept<R>::type>;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) { describe_output<typename Kept<R>::type>(step.outputs[0]); }
  static void hand_over(Context& context, R result) {
    hand_over_element(context, 0, std::move(result));
  }
};
template <>
struct OpResult<void> {
  using Used = Node<void>;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) { step.outputs[0].stores_value = false; }
  static void hand_over(Context& context) { cpp::hand_over(context, 0, Value(), nullptr); }
};
template <class T>
struct OpResult<std::optional<T>> {
  using Used = Node<typename Kept<T>::type>;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) {
    describe_output<typename Kept<T>::type>(step.outputs[0]);
    step.outputs[0].required = false;
  }
  static void hand_over(Context& context, std::optional<T> result) {
    if (result) hand_over_element(context, 0, std::move(*result));
  }
};
void hand_over_dynamic(Context& context, std::string mapping_key, Value value,
                       const std::type_info& type);
template <class T>
struct OpResult<Dynamic<T>> {
  using Used = Mapped<T>;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) {
    describe_output<T>(step.outputs[0]);
    step.outputs[0].dynamic = true;
  }
  static void hand_over(Context& context, Dynamic<T> result) {
    for (auto& [key, value] : result.values) {
      hand_over_dynamic(context, std::move(key), Value::of(std::move(value)), typeid(T));
    }
  }
};
template <class R, class... E>
struct SeveralResults {
  using Used = std::tuple<Node<typename E::type>...>;
  static constexpr std::size_t kOutputs = sizeof...(E);
  static void describe(StepDef& step) {
    std::size_t next = 0;
    ((describe_output<typename E::type>(step.outputs[next]),
      step.outputs[next++].required = E::kRequired),
     ...);
  }
  static void hand_over(Context& context, R result) {
    hand_over_all(context, std::move(result), std::index_sequence_for<E...>());
  }
};
template <class R, class Elements>
struct SeveralOf;
template <class R, class... E>
struct SeveralOf<R, Types<E...>> : SeveralResults<R, E...> {};
template <class... X>
struct OpResult<std::tuple<X...>>
    : SeveralOf<std::tuple<X...>, typename Elements<std::tuple<X...>>::type> {};
template <class A, class B>
struct OpResult<std::pair<A, B>>
    : SeveralOf<std::pair<A, B>, typename Elements<std::pair<A, B>>::type> {};
template <class X, std::size_t N>
struct OpResult<std::array<X, N>>
    : SeveralOf<std::array<X, N>, typename Elements<std::array<X, N>>::type> {};

// The op without its types: names, options, as many inputs and outputs as the function has.
std::shared_ptr<StepDef> new_op(OpOptions options, std::size_t inputs, std::size_t outputs);

template <class T>
void describe_input(InputDef& input) {
  input.type = &typeid(T);
  if constexpr (Storable<T>) input.codec = codec_of<T>();
}

template <class F, class... In, class... Wired>
auto make_op(InputList<In...>, OpOptions options, F fn, const Wired&... wired) {
  using W = WiringOf<F, OpInput<In>..., Wired...>;
  using R = typename Success<std::remove_cvref_t<typename W::Result>>::type;
  using Result = OpResult<R>;
  auto step = new_op(std::move(options), sizeof...(In), Result::kOutputs);
  [[maybe_unused]] std::size_t next = 0;
  (describe_input<In>(step->inputs[next++]), ...);
  Result::describe(*step);
  (declare(*step, wired), ...);
  give_body<Result>(*step, std::move(fn), 0, OpInput<In>()..., wired...);
  return Op<typename Result::Used, In...>(std::move(step), nullptr);
}

}  // namespace cpp

template <class F, class... Wired>
auto op(OpOptions options, F fn, const Wired&... wired) {
  static_assert(cpp::Signature<F>::kKnown,
                "treadle: the function of an op says the types of its parameters: no auto");
  using Params = typename cpp::WithoutContext<typename cpp::Signature<F>::Params>::type;
  constexpr std::size_t kWired = cpp::Joined<typename cpp::Wire<Wired>::Given...>::type::kSize;
  static_assert(Params::kSize >= kWired,
                "treadle: the function of this op takes fewer parameters than what is wired to it");
  return cpp::make_op(typename cpp::InputsOf<Params, Params::kSize - kWired>::type(),
                      std::move(options), std::move(fn), wired...);
}

template <class F, class... Wired>
auto op(OpName name, F fn, const Wired&... wired) {
  return op(OpOptions{.name = std::move(name.name), .where = name.where}, std::move(fn), wired...);
}

}  // namespace treadle
