// A kept value as a codec reads it, from memory.
#pragma once

#include <treadle/define/codec.h>

#include <string>
#include <utility>

namespace treadle {

class EncodedInMemory final : public Stored {
 public:
  explicit EncodedInMemory(Encoded encoded) : encoded_(std::move(encoded)) {}
  const std::string& format() const override { return encoded_.format; }
  const std::string& file_name() const override { return encoded_.file_name; }
  Result<std::string> bytes() override { return encoded_.bytes; }
  Result<std::string> local_path() override { return encoded_.path; }

 private:
  Encoded encoded_;
};

}  // namespace treadle
