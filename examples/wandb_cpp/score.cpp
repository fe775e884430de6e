// Uses in C++ the ONNX model that model.py made: the artifact `line_model`, of which it reads one file.
//
//   line_model (Python) ── scores ── report
#include "onnx_line.h"
#include <treadle/treadle.hpp>

#include <string>
#include <vector>

namespace td = treadle;

td::Result<std::vector<double>> score(const td::Bytes& file) {
  TREADLE_TRY(const onnx_line::Model model, onnx_line::read(file.data));
  std::vector<double> out;
  for (const double x : {0.0, 1.0, 2.0}) out.push_back(onnx_line::run(model, x));
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
