// The first pass over a command line: Go's rules about dashes, values and where flags end
// (derper.md 1.1). Its result has one form only, name and value, which CLI11 reads as well. Private
// to common/cli.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace derp::cli {

struct Assignment {
  std::string name;
  std::string value;
};

struct Arguments {
  std::vector<Assignment> assignments;
  std::vector<std::string> rest;         // the words behind the flags
  std::string bool_before_rest;          // the bool flag without a value right before them, if any
  bool wants_help = false;               // -h or -help; nothing behind it is read
  std::optional<std::string> bad_usage;  // a line for stderr; what stands before it still counts
};

enum class FlagShape { kUnknown, kBool, kValue };

// `shape_of` is asked for each name, during the call only.
Arguments ReadArguments(const std::vector<std::string>& words,
                        const std::function<FlagShape(const std::string&)>& shape_of);

}  // namespace derp::cli
