#include "common/cli/arguments.h"

#include <string_view>

namespace derp::cli {
namespace {

// A word that is a flag, taken apart. Both views borrow from the word.
struct FlagWord {
  std::string_view name;
  std::optional<std::string_view> value;
};

bool IsFlag(std::string_view word) { return word.size() >= 2 && word[0] == '-'; }

// Empty for "---x" and "-=x".
std::optional<FlagWord> SplitFlag(std::string_view word) {
  std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
  if (name.empty() || name[0] == '-' || name[0] == '=') return std::nullopt;
  const std::size_t equals = name.find('=');
  if (equals == std::string_view::npos) return FlagWord{.name = name, .value = std::nullopt};
  return FlagWord{.name = name.substr(0, equals), .value = name.substr(equals + 1)};
}

}  // namespace

Arguments ReadArguments(const std::vector<std::string>& words,
                        const std::function<FlagShape(const std::string&)>& shape_of) {
  Arguments out;
  std::size_t next = 0;
  while (next < words.size() && IsFlag(words[next])) {
    const std::string& word = words[next++];
    out.bool_before_rest.clear();
    if (word == "--") break;
    const std::optional<FlagWord> flag = SplitFlag(word);
    if (!flag) {
      out.bad_usage = "bad flag syntax: " + word;
      return out;
    }
    const std::string name(flag->name);
    const FlagShape shape = shape_of(name);
    if (shape == FlagShape::kUnknown) {
      out.wants_help = name == "h" || name == "help";
      if (!out.wants_help) out.bad_usage = "flag provided but not defined: -" + name;
      return out;
    }
    if (flag->value) {
      out.assignments.push_back({name, std::string(*flag->value)});
    } else if (shape == FlagShape::kBool) {
      out.assignments.push_back({name, "true"});
      out.bool_before_rest = name;
    } else if (next < words.size()) {
      out.assignments.push_back({name, words[next++]});
    } else {
      out.bad_usage = "flag needs an argument: -" + name;
      return out;
    }
  }
  out.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(next), words.end());
  return out;
}

}  // namespace derp::cli
