// Uses in C++ the model that model.py made: the artifact `line_model`, of which it reads one file.
//
//   line_model (Python) ── scores ── report
#include <treadle/treadle.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace td = treadle;

// With ONNX Runtime this would be Ort::Session(env, model.data.data(), model.data.size(), options).
td::Result<std::vector<double>> score(const td::Bytes& model) {
  double slope = 0;
  double offset = 0;
  if (model.data.size() != sizeof(slope) + sizeof(offset)) return td::fail("This is no line.");
  std::memcpy(&slope, model.data.data(), sizeof(slope));
  std::memcpy(&offset, model.data.data() + sizeof(slope), sizeof(offset));
  std::vector<double> out;
  for (const double x : {0.0, 1.0, 2.0}) out.push_back(slope * x + offset);
  return out;
}

int main(int argc, char** argv) {
  td::Defs defs;
  defs.io_manager("wandb", td::wandb::artifacts_io_manager());
  auto model = defs.source<td::Bytes>({.key = "line_model", .io_manager = "wandb"});
  auto scores =
      defs.asset({.key = "scores",
                  .metadata = {td::wandb::configuration({.type = "scores", .aliases = {"newest"}})},
                  .io_manager = "wandb"},
                 score, td::with(model, {td::wandb::configuration({.get_path = "model.onnx"})}));
  defs.asset(
      "report", [](const std::vector<double>& y) { return std::to_string(y.size()) + " scores"; },
      scores);
  return td::main(argc, argv, defs);
}
