#include "derper/key_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMaxKeyFile = 64 * 1024;  // One short member; anything longer is a mix-up.
constexpr std::string_view kDefaultPath = "/var/lib/derper/derper.key";

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

std::string KeyFileText(const NodePrivate& key) {
  return fmt::format("{{\n\t\"PrivateKey\": \"{}\"\n}}", key.ToString());
}

Expected<NodePrivate, Error> LoadOrCreateKey(const std::string& path, RandomSource& random,
                                             const Logger& logger) {
  const auto text = ReadFile(path, kMaxKeyFile);
  if (text) {
    if (IsReadableByOthers(path)) {
      logger.Warn("derper: {} can be read by others; it holds the relay's private key: chmod 600",
                  path);
    }
    auto key = ParseKeyFile(*text);
    if (!key) return Fail(Within(path, key.error()));
    return key;
  }
  if (text.error().code != ErrorCode::kNotFound) return Fail(text.error());
  const NodePrivate key = NodePrivate::Generate(random);
  if (const auto made = MakeDirectories(DirectoryOf(path), 0700); !made) return Fail(made.error());
  if (const auto written = WriteFileAtomically(path, KeyFileText(key), 0600); !written) {
    return Fail(written.error());
  }
  return key;
}

Expected<std::string, Error> KeyFilePath(const std::string& flag, bool is_root,
                                         const Logger& logger) {
  if (!flag.empty()) return flag;
  if (!is_root) {
    return Fail(
        Error{.code = ErrorCode::kInvalidArgument, .context = "-c <config path> not specified"});
  }
  logger.Info("no config path specified; using {}", kDefaultPath);
  return std::string(kDefaultPath);
}

}  // namespace derp::relay
