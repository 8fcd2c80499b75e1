// One flag's value: its kind, where it is kept, how its text is read and how its default is shown.
// Private to common/cli.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/cli/origin.h"

namespace derp::cli {

// The alternatives are the kinds; each points at the caller's variable, which outlives the flags.
using FlagTarget =
    std::variant<bool*, std::int64_t*, double*, std::string*, Duration*, std::vector<std::string>*>;

struct Flag {
  std::string name;
  FlagTarget target;
  std::string help;
  std::string default_text;  // as shown in the usage, empty for a zero value
  bool was_set = false;
  Origin origin = Origin::kDefault;
  std::string where{};  // the variable, or the file and its line

  bool is_bool() const { return std::holds_alternative<bool*>(target); }
  bool is_list() const { return std::holds_alternative<std::vector<std::string>*>(target); }
};

Flag MakeFlag(std::string name, FlagTarget target, std::string help);

// Stores `text` in the target; a list gets one more entry (its default goes with the first one).
// On failure says why in Go's words ("parse error", "value out of range") and stores nothing.
std::optional<std::string> StoreFlag(Flag& flag, std::string_view text);
// The same judgement without storing.
std::optional<std::string> CheckFlag(const Flag& flag, std::string_view text);

// The value now, as it would be written; one for each entry of a list.
std::vector<std::string> FlagValues(const Flag& flag);

// Go's flag.UnquoteUsage: the word for the value and the help without its back quotes. The word is
// what stands between back quotes in the help, else the name of the kind, empty for a bool.
struct FlagText {
  std::string value_word;
  std::string help;
};
FlagText DescribeFlag(const Flag& flag);

}  // namespace derp::cli
