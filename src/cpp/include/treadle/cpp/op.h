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
#include <map>
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

// More about an input of an op, or an output.
struct In {
  std::string description = {};
  Metadata metadata = {};
  std::string io_manager = {};  // loads it; "" = the one that stored the value
  Value value = {};             // when td::unwired: td::Value::of(3), of the parameter's type
};
struct Out {
  std::string description = {};
  Metadata metadata = {};  // for its IO manager
  std::string io_manager = {};
  std::string code_version = {};
};

struct OpOptions {
  std::string name = {};
  std::string description = {};
  std::vector<std::string> inputs = {};   // their names; "" = in1, in2, ...
  std::vector<std::string> outputs = {};  // of several: their names; "" = out1, out2, ...
  std::map<std::string, In> in = {};      // more about them, by name
  std::map<std::string, Out> out = {};
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
    if constexpr (Configurable<T> && JsonStorable<T>) {
      if (const auto said = load_input_config(context, input)) {
        value = Value::of(config_from<T>(*said, "step '" + context.step_key() + "'"));
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

void hand_over_dynamic(Context& context, std::size_t index, std::string mapping_key, Value value,
                       const std::type_info& type);
void describe_check(OutputDef& output);
void hand_over_check(Context& context, std::size_t index, CheckResult result);

// One thing that an op returns: what using it gives, and how it is handed over.
template <class X>
struct OpElement {
  using T = typename Kept<X>::type;
  using Used = Node<T>;
  static void describe(OutputDef& output) { describe_output<T>(output); }
  static void hand_over(Context& context, std::size_t index, X result) {
    hand_over_if_wanted(context, index, std::move(result));
  }
};
template <class X>
struct OpElement<std::optional<X>> {
  using Used = typename OpElement<X>::Used;
  static void describe(OutputDef& output) {
    OpElement<X>::describe(output);
    output.required = false;
  }
  static void hand_over(Context& context, std::size_t index, std::optional<X> result) {
    if (result) OpElement<X>::hand_over(context, index, std::move(*result));
  }
};
template <class T>
struct OpElement<Dynamic<T>> {
  using Used = Mapped<T>;
  static void describe(OutputDef& output) {
    describe_output<T>(output);
    output.dynamic = true;
  }
  static void hand_over(Context& context, std::size_t index, Dynamic<T> result) {
    for (auto& [key, value] : result.values) {
      hand_over_dynamic(context, index, std::move(key), Value::of(std::move(value)), typeid(T));
    }
  }
};
// In a graph of assets the result of a check; elsewhere what was expected, as td::ExpectationResult.
template <>
struct OpElement<CheckResult> {
  using Used = Node<CheckResult>;
  static void describe(OutputDef& output) { describe_check(output); }
  static void hand_over(Context& context, std::size_t index, CheckResult result) {
    hand_over_check(context, index, std::move(result));
  }
};

// All that it returns.
template <class R>
struct OpResult {
  using Used = typename OpElement<R>::Used;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) { OpElement<R>::describe(step.outputs[0]); }
  static void hand_over(Context& context, R result) {
    OpElement<R>::hand_over(context, 0, std::move(result));
  }
};
template <>
struct OpResult<void> {
  using Used = Node<void>;
  static constexpr std::size_t kOutputs = 1;
  static void describe(StepDef& step) { step.outputs[0].stores_value = false; }
  static void hand_over(Context& context) { cpp::hand_over(context, 0, Value(), nullptr); }
};
template <class R, class... X>
struct SeveralResults {
  using Used = std::tuple<typename OpElement<X>::Used...>;
  static constexpr std::size_t kOutputs = sizeof...(X);
  static void describe(StepDef& step) {
    std::size_t next = 0;
    (OpElement<X>::describe(step.outputs[next++]), ...);
  }
  static void hand_over(Context& context, R result) {
    std::size_t next = 0;
    std::apply(
        [&](auto&... each) { (OpElement<X>::hand_over(context, next++, std::move(each)), ...); },
        result);
  }
};
template <class... X>
struct OpResult<std::tuple<X...>> : SeveralResults<std::tuple<X...>, X...> {};
template <class A, class B>
struct OpResult<std::pair<A, B>> : SeveralResults<std::pair<A, B>, A, B> {};
template <class R, class X, class Indices>
struct ArrayResults;
template <class R, class X, std::size_t... I>
struct ArrayResults<R, X, std::index_sequence<I...>>
    : SeveralResults<R, std::tuple_element_t<I, R>...> {};
template <class X, std::size_t N>
struct OpResult<std::array<X, N>> : ArrayResults<std::array<X, N>, X, std::make_index_sequence<N>> {
};

// The op without its types: names, options, as many inputs and outputs as the function has.
std::shared_ptr<StepDef> new_op(OpOptions options, std::size_t inputs, std::size_t outputs);

void set_input_config(InputDef& input, ConfigType type);

template <class T>
void describe_input(InputDef& input) {
  input.type = &typeid(T);
  if constexpr (Storable<T>) input.codec = codec_of<T>();
  if constexpr (Configurable<T> && JsonStorable<T>)
    set_input_config(input, ConfigTypeOf<T>::type());
  if constexpr (is_vector<T>) {
    using E = typename T::value_type;
    input.element = &typeid(E);
    if constexpr (Storable<E>) input.element_codec = codec_of<E>();
  }
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
