#include "provenance.h"

#include <treadle/base/digest.h>

#include <algorithm>
#include <vector>

namespace treadle::execute {

std::string derive_data_version(const Provenance& provenance, const std::string& run_id) {
  std::vector<const Provenance::Input*> inputs;
  inputs.reserve(provenance.inputs.size());
  for (const Provenance::Input& input : provenance.inputs) inputs.push_back(&input);
  std::sort(inputs.begin(), inputs.end(),
            [](const auto* a, const auto* b) { return a->asset < b->asset; });
  std::string all = provenance.code_version.empty() ? run_id : provenance.code_version;
  for (const Provenance::Input* input : inputs) {
    all += input->data_version.empty() ? "INITIAL" : input->data_version;
  }
  return to_hex(sha256(all));
}

}  // namespace treadle::execute
