#include "common/wire/key_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace derp::wire {
namespace {

Error ConfigError(std::string_view what) {
  return {.code = ErrorCode::kInvalidArgument, .context = fmt::format("config: {}", what)};
}

}  // namespace

Expected<NodePrivate, Error> ParseKeyFile(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return Fail(ConfigError("not JSON"));
  if (!document.is_object()) return Fail(ConfigError("not a JSON object"));
  const nlohmann::json* member = nullptr;
  for (const auto& [name, value] : document.items()) {
    if (EqualsIgnoreCase(name, "PrivateKey")) member = &value;
  }
  if (member == nullptr) return Fail(ConfigError("no PrivateKey in it"));
  if (!member->is_string()) return Fail(ConfigError("PrivateKey is not a string"));
  const auto key = NodePrivate::Parse(member->get_ref<const std::string&>());
  if (!key) return Fail(ConfigError("PrivateKey is not \"privkey:\" and 64 hex digits"));
  if (key->is_zero()) return Fail(ConfigError("PrivateKey is all zeros"));
  return *key;
}

}  // namespace derp::wire
