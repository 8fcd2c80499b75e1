#include "derper/command_line.h"

#include <string_view>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/print_config.h"

namespace derp::relay {
namespace {

constexpr std::string_view kHidden = "xxxxx";
constexpr std::size_t kLongestLine = 256 * 1024;

// Flags whose whole value is a secret.
bool IsSecretFlag(std::string_view name) { return name == "acme-eab-key"; }

std::string RedactValue(std::string_view flag, std::string_view value) {
  if (IsSecretFlag(flag)) return value.empty() ? std::string() : std::string(kHidden);
  std::vector<std::string> items;
  for (const std::string_view item : Split(value, ',')) items.push_back(config::Redacted(item));
  return Join(items, ",");
}

}  // namespace

std::vector<std::string> RedactArguments(std::vector<std::string> arguments) {
  std::string flag;  // whose value may be the next argument
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    const std::size_t dashes = argument.find_first_not_of('-');
    if (dashes != 1 && dashes != 2) {
      argument = RedactValue(flag, argument);
      flag.clear();
      continue;
    }
    const std::size_t equals = argument.find('=');
    flag = argument.substr(dashes, equals - dashes);
    if (equals == std::string::npos) continue;
    argument = argument.substr(0, equals + 1) + RedactValue(flag, argument.substr(equals + 1));
    flag.clear();
  }
  return arguments;
}

std::vector<std::string> ShownCommandLine() {
  const auto line = ReadFile("/proc/self/cmdline", kLongestLine);
  if (!line) return {};
  std::vector<std::string> arguments;
  for (const std::string_view argument : Split(*line, '\0')) arguments.emplace_back(argument);
  if (!arguments.empty() && arguments.back().empty()) arguments.pop_back();  // behind the last NUL
  return RedactArguments(std::move(arguments));
}

}  // namespace derp::relay
