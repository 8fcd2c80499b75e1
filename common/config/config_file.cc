#include "common/config/config_file.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/derpmap/nearest_name.h"
#include "common/derpmap/value.h"

namespace derp::config {
namespace {

using derpmap::Value;
using Kind = Value::Kind;

Error Bad(std::string context) {
  return Error{.code = ErrorCode::kInvalidArgument, .context = std::move(context)};
}

bool IsScalar(const Value& value) {
  return value.kind != Kind::kNull && value.kind != Kind::kArray && value.kind != Kind::kObject;
}

bool IsBlank(std::string_view text) {
  for (const std::string_view line : Split(text, '\n')) {
    const std::string_view rest = TrimSpace(line);
    if (!rest.empty() && !rest.starts_with('#') && rest != "---") return false;
  }
  return true;
}

class SettingsReader {
 public:
  explicit SettingsReader(std::string_view text) : text_(text) {}

  Expected<std::vector<cli::FileSetting>, Error> Read(const Value& root) {
    if (root.kind != Kind::kObject) {
      return Fail(At(root.offset, "settings are lines of the form 'name: value'"));
    }
    std::vector<cli::FileSetting> settings;
    for (const Value& member : root.children) {
      const std::string name = PrintablePeerText(member.key);
      if (!names_.insert(member.key).second) {
        return Fail(At(member.key_offset, fmt::format("{} is there twice", GoQuote(name))));
      }
      auto values = ValuesOf(member, name);
      if (!values) return Fail(values.error());
      settings.push_back({.name = member.key,
                          .values = std::move(*values),
                          .is_list = member.kind == Kind::kArray,
                          .line = LineOf(member.key_offset)});
    }
    return settings;
  }

 private:
  Expected<std::vector<std::string>, Error> ValuesOf(const Value& member, const std::string& name) {
    if (IsScalar(member)) return std::vector<std::string>{member.text};
    if (member.kind != Kind::kArray) {
      const bool nothing = member.kind == Kind::kNull;
      return Fail(At(member.key_offset,
                     fmt::format("{} {}", name,
                                 nothing ? "has no value" : "has names below it, not a value")));
    }
    std::vector<std::string> values;
    for (const Value& entry : member.children) {
      if (!IsScalar(entry)) {
        return Fail(At(entry.offset, fmt::format("{} lists something that is no value", name)));
      }
      values.push_back(entry.text);
    }
    return values;
  }

  std::size_t LineOf(std::size_t offset) const { return derpmap::ErrorAt(text_, offset, {}).line; }
  Error At(std::size_t offset, std::string_view what) const {
    return Bad(fmt::format("line {}: {}", LineOf(offset), what));
  }

  std::string_view text_;
  std::set<std::string> names_;
};

Error InFile(const std::string& path, const Error& error) {
  return Bad(fmt::format("{}, {}", path, error.context));
}

// What the file may not say, or does not know.
std::optional<std::string> NameFault(const cli::FileSetting& setting,
                                     const std::vector<std::string_view>& known) {
  if (setting.name == "config" || setting.name == "version") {
    return fmt::format("{} belongs on the command line", setting.name);
  }
  if (std::find(known.begin(), known.end(), setting.name) != known.end()) return std::nullopt;
  const std::string_view nearest = derpmap::NearestName(setting.name, known);
  return fmt::format("unknown name {}{}", GoQuote(PrintablePeerText(setting.name)),
                     nearest.empty() ? "" : fmt::format(", the nearest known is {}", nearest));
}

}  // namespace

Expected<std::vector<cli::FileSetting>, Error> ReadSettings(std::string_view text) {
  if (IsBlank(text)) return std::vector<cli::FileSetting>{};
  const auto root = derpmap::ParseYamlValue(text);
  if (!root) return Fail(Bad(root.error().ToString()));
  return SettingsReader(text).Read(*root);
}

Expected<void, Error> TakeConfigFile(const std::string& path, cli::FlagSet& flags) {
  const auto text = ReadFile(path, kMaxConfigBytes);
  if (!text) return Fail(text.error());
  const auto settings = ReadSettings(*text);
  if (!settings) return Fail(InFile(path, settings.error()));
  const std::vector<cli::FlagInForce> all = flags.InForce();
  std::vector<std::string_view> known;
  for (const cli::FlagInForce& flag : all) known.push_back(flag.name);
  for (const cli::FileSetting& setting : *settings) {
    if (const auto fault = NameFault(setting, known)) {
      return Fail(InFile(path, Bad(fmt::format("line {}: {}", setting.line, *fault))));
    }
  }
  if (const auto failure = flags.TakeFile(path, *settings)) return Fail(Bad(*failure));
  return {};
}

}  // namespace derp::config
