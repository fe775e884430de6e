// Any bytes are a selection or an error; a selection that was read is written and read the same again, and can be evaluated.
#include <treadle/plan/selection.h>

#include <cstdint>
#include <cstdlib>

namespace {

treadle::Definitions graph() {
  treadle::Definitions definitions;
  const char* deps[][2] = {{"raw/a", ""}, {"b", "raw/a"}, {"c", "b"}, {"d", "raw/a"}, {"e", "s"}};
  for (const auto& [key, dep] : deps) {
    treadle::StepDef& step = definitions.steps.emplace_back();
    step.name = key;
    step.outputs.emplace_back().asset.key = key;
    step.outputs[0].asset.kinds = {"k"};
    if (*dep) step.inputs.emplace_back().asset = dep;
  }
  return definitions;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const treadle::Definitions definitions = graph();
  static const treadle::plan::AssetGraph assets(definitions);
  const auto selection =
      treadle::plan::parse_selection({reinterpret_cast<const char*>(data), size});
  if (!selection) return 0;
  const auto again = treadle::plan::parse_selection(selection->text());
  if (!again || !(*again == *selection)) std::abort();
  const auto selected = treadle::plan::select(*selection, assets);
  const auto selected_again = treadle::plan::select(*again, assets);
  if (selected.has_value() != selected_again.has_value()) std::abort();
  if (selected && *selected != *selected_again) std::abort();
  return 0;
}
