#include "common/secrets/secret_cache.h"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/base64.h"
#include "common/base/bytes.h"
#include "common/base/file.h"

namespace derp::secrets {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxCacheBytes = 1 << 20;
constexpr unsigned kFileMode = 0600;
constexpr unsigned kDirectoryMode = 0700;

}  // namespace

Expected<void, Error> PrepareSecretCache(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = fmt::format("secret cache {}: is no regular file", path)});
  }
  return MakeDirectories(DirectoryOf(path), kDirectoryMode);
}

Expected<std::optional<Secret>, Error> ReadCachedSecret(const std::string& path,
                                                        const std::string& name) {
  const auto text = ReadFile(path, kMaxCacheBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<Secret>();
  if (!text) return Fail(text.error());
  const Json root = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const Error foreign{.code = ErrorCode::kProtocol,
                      .context = fmt::format("{} is no secret cache", path)};
  if (!root.is_object()) return Fail(foreign);
  if (!root.contains(name)) return std::optional<Secret>();
  const Json& entry = root[name];
  if (!entry.is_object() || !entry.contains("secret") || !entry["secret"].is_object()) {
    return Fail(foreign);
  }
  const Json& secret = entry["secret"];
  const auto value = secret.find("Value");
  const auto version = secret.find("Version");
  if (value == secret.end() || !value->is_string()) return Fail(foreign);
  const auto bytes = DecodeBase64(value->get_ref<const std::string&>());
  if (!bytes) return Fail(foreign);
  Secret found;
  found.value.assign(bytes->begin(), bytes->end());
  if (version != secret.end() && version->is_number_integer()) {
    found.version = version->get<std::int64_t>();
  }
  return std::optional<Secret>(std::move(found));
}

Expected<void, Error> WriteCachedSecret(const std::string& path, const std::string& name,
                                        const Secret& secret, WallTime now) {
  Json root = Json::object();
  if (const auto text = ReadFile(path, kMaxCacheBytes)) {
    Json before = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (before.is_object()) root = std::move(before);
  }
  root[name] = {
      {"secret", {{"Value", EncodeBase64(AsBytes(secret.value))}, {"Version", secret.version}}},
      {"lastAccess", fmt::format("{}", UnixSeconds(now))}};
  const std::string text = root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return WriteFileAtomically(path, text, kFileMode);
}

}  // namespace derp::secrets
