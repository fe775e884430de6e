// Runs an ONNX model that is one line, y = x W + b, without ONNX Runtime: it reads the file's own format
// (protocol buffers), and knows the operators MatMul and Add. With ONNX Runtime at hand,
// Ort::Session(env, model.data(), model.size(), options) takes the same bytes and any model.
#pragma once

#include <treadle/treadle.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_line {

// A message, field by field: number, and what it holds (text, bytes or another message; else a number).
using Visit =
    std::function<void(std::uint64_t field, std::string_view bytes, std::uint64_t number)>;

inline bool read_number(std::string_view& in, std::uint64_t& out) {
  out = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    out |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline bool read_message(std::string_view in, const Visit& visit) {
  std::uint64_t tag = 0;
  while (!in.empty() && read_number(in, tag)) {
    std::uint64_t value = 0;
    std::string_view bytes;
    switch (tag & 7) {
      case 0:
        if (!read_number(in, value)) return false;
        break;
      case 2:
        if (!read_number(in, value) || value > in.size()) return false;
        bytes = in.substr(0, value);
        in.remove_prefix(value);
        break;
      case 1:
      case 5: {
        const std::size_t size = (tag & 7) == 1 ? 8 : 4;
        if (in.size() < size) return false;
        bytes = in.substr(0, size);
        in.remove_prefix(size);
        break;
      }
      default:
        return false;
    }
    visit(tag >> 3, bytes, value);
  }
  return in.empty();
}

struct Model {
  std::vector<std::pair<std::string, std::string>> steps;  // operator, name of its second input
  std::map<std::string, float> numbers;                    // initializers of one number
};

inline treadle::Result<Model> read(std::string_view file) {
  Model model;
  bool whole = read_message(file, [&](auto field, auto graph, auto) {
    if (field != 7) return;  // ModelProto.graph
    read_message(graph, [&](auto part, auto content, auto) {
      if (part == 1) {  // GraphProto.node
        std::vector<std::string> inputs;
        std::string op;
        read_message(content, [&](auto f, auto text, auto) {
          if (f == 1) inputs.emplace_back(text);
          if (f == 4) op = text;
        });
        model.steps.emplace_back(op, inputs.size() == 2 ? inputs[1] : std::string());
      } else if (part == 5) {  // GraphProto.initializer
        std::string name;
        float number = 0;
        read_message(content, [&](auto f, auto bytes, auto) {
          if (f == 8) name = bytes;
          if ((f == 4 || f == 9) && bytes.size() == sizeof(number))  // float_data, raw_data
            std::memcpy(&number, bytes.data(), sizeof(number));
        });
        model.numbers[name] = number;
      }
    });
  });
  if (!whole || model.steps.empty()) return treadle::fail("This is no ONNX model.");
  for (const auto& [op, input] : model.steps) {
    if ((op != "MatMul" && op != "Add") || !model.numbers.contains(input))
      return treadle::fail("The ONNX model is no line: it has the operator " + op + ".");
  }
  return model;
}

inline double run(const Model& model, double x) {
  for (const auto& [op, input] : model.steps) {
    const double number = model.numbers.at(input);
    x = op == "MatMul" ? x * number : x + number;
  }
  return x;
}

}  // namespace onnx_line
