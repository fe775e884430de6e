// Command lines as users of Dagster type them, said in Treadle's words:
//   job execute -f pipeline.py -j train   ->   materialize -f pipeline.py --job train
// So habits, scripts and makefiles go on working; what has no counterpart is answered by what to do
// instead.
#pragma once

#include <string>
#include <vector>

namespace treadle::cli {

struct Spelling {
  std::vector<std::string>
      words;           // without the program's name; as given where nothing is Dagster's
  std::string advice;  // not "": there is no such command here, and this is what to do
};

Spelling read_dagster_words(const std::vector<std::string>& words);

}  // namespace treadle::cli
