// Documents of strangers: parsed, checked and run against a small schema; nothing may crash or hang.
#include <treadle/graphql/engine.h>

#include <cstddef>
#include <cstdint>

namespace {

using namespace treadle::graphql;

Engine make_engine() {
  Schema schema;
  schema.define(R"(
    interface Named { name: String! }
    input Choice { name: String!, count: Int = 3, kinds: [Kind!], inner: Choice }
    enum Kind { A B }
    type Thing implements Named { name: String! thing(c: Choice, n: Int64, j: JSON): Thing things: [Thing!]! }
    type Query { thing(names: [String!]): Thing named: Named }
    type Mutation { make(input: Choice!): Thing })");
  const Resolver thing = [](const Call&) -> treadle::Result<Output> { return node("Thing", 1); };
  schema.resolve("Query", "thing", thing);
  schema.resolve("Query", "named", thing);
  schema.resolve("Mutation", "make", thing);
  schema.resolve("Thing", "name", [](const Call&) -> treadle::Result<Output> { return "x"; });
  schema.resolve("Thing", "thing", thing);
  schema.resolve("Thing", "things", [](const Call&) -> treadle::Result<Output> {
    return Outputs{node("Thing", 1), node("Thing", 2)};
  });
  return Engine(std::move(schema), {.resolved = 10'000, .answer_bytes = 1 << 20});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Engine engine = make_engine();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto split = text.find('\0');
  Value variables;
  if (split != std::string_view::npos) {
    if (auto given = value_from_json(text.substr(split + 1))) variables = *std::move(given);
  }
  Context context;
  const Answer answer = engine.run({text.substr(0, split), "", std::move(variables)}, context);
  if (!value_from_json(answer.json)) __builtin_trap();
  return 0;
}
