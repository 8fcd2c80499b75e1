#include "derper/mesh_key.h"

#include <filesystem>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/print_config.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMaxMeshKeyFile = 4096;  // 64 digits and blanks.
constexpr const char* kDevVariable = "TAILSCALE_DERPER_MESH_KEY";
constexpr auto kForEver = std::chrono::hours(24 * 365 * 10);
constexpr auto kFetchTime = std::chrono::seconds(5);

Error InvalidKey(std::string_view why) {
  return {.code = ErrorCode::kInvalidArgument, .context = "invalid mesh key: " + std::string(why)};
}

Expected<MeshKey, Error> ParseKey(std::string_view text, std::string_view where) {
  if (TrimSpace(text).empty()) return Fail(InvalidKey(fmt::format("{} is empty", where)));
  const std::optional<MeshKey> key = MeshKey::Parse(text);
  if (!key) return Fail(InvalidKey(fmt::format("{}: want 64 hex digits", where)));
  if (key->is_zero()) return Fail(InvalidKey(fmt::format("{}: all zeros", where)));
  return *key;
}

// An unset variable is no key.
Expected<std::optional<MeshKey>, Error> FromEnvironment(const Environment& environment,
                                                        const Logger& logger) {
  const auto found = environment.find(kDevVariable);
  if (found == environment.end() || found->second.empty()) {
    logger.Info("No mesh key specified for dev via {}", kDevVariable);
    return std::optional<MeshKey>();
  }
  logger.Info("Set mesh key from {}", kDevVariable);
  auto key = ParseKey(found->second, kDevVariable);
  if (!key) return Fail(key.error());
  return std::optional(*key);
}

Expected<std::optional<MeshKey>, Error> FromServer(const Options& options, const Clock& clock,
                                                   const Logger& logger) {
  logger.Info("Setting up setec store from {}", GoQuote(config::Redacted(options.secrets_url)));
  const secrets::SetecSource source = MeshKeySecret(options);
  const auto secret =
      secrets::ObtainSecret(source, {.longest = kForEver, .wait = {}}, clock, logger);
  if (!secret) return Fail(Within("-secrets-url", secret.error()));
  auto key = ParseKey(secret->value, "secret " + source.name);
  if (!key) return Fail(key.error());
  logger.Info("Got mesh key from setec store");
  return std::optional(*key);
}

Expected<std::optional<MeshKey>, Error> FromFile(const std::string& path, const Logger& logger) {
  auto key = ReadMeshKeyFile(path);
  if (!key) return Fail(key.error());
  if (IsReadableByOthers(path)) {
    logger.Warn("derper: {} can be read by others; whoever has the mesh key sees every client",
                path);
  }
  logger.Info("Got mesh key from static file");
  return std::optional(*key);
}

Expected<std::optional<MeshKey>, Error> FromAnywhere(const Options& options,
                                                     const Environment& environment,
                                                     const Clock& clock, const Logger& logger) {
  if (options.dev) return FromEnvironment(environment, logger);
  if (!options.secrets_url.empty()) return FromServer(options, clock, logger);
  if (!options.mesh_psk_file.empty()) return FromFile(options.mesh_psk_file, logger);
  return std::optional<MeshKey>();
}

}  // namespace

Expected<std::optional<MeshKey>, Error> LoadMeshKey(const Options& options,
                                                    const Environment& environment,
                                                    const Clock& clock, const Logger& logger) {
  auto key = FromAnywhere(options, environment, clock, logger);
  if (!key) return key;
  logger.Info("{}{}", *key ? "DERP mesh key configured" : "No mesh key configured",
              !*key && options.dev ? " for --dev mode" : "");
  return key;
}

Expected<MeshKey, Error> ReadMeshKeyFile(const std::string& path) {
  const auto text = ReadFile(path, kMaxMeshKeyFile);
  if (!text) return Fail(Within("StaticFile failed to get key", text.error()));
  return ParseKey(*text, path);
}

Expected<MeshKey, Error> FetchMeshKey(const secrets::SetecSource& source, const Clock& clock,
                                      const Logger& logger) {
  const auto secret = secrets::FetchSecret(source, SystemClock().Now() + kFetchTime);
  if (!secret) return Fail(Within("secret " + source.name, secret.error()));
  auto key = ParseKey(secret->value, "secret " + source.name);
  if (!key || source.cache_file.empty()) return key;
  // A start without the server is to find the new key.
  const auto kept =
      secrets::WriteCachedSecret(source.cache_file, source.name, *secret, clock.WallNow());
  if (!kept) logger.Warn("secret {}: not cached: {}", source.name, kept.error().context);
  return key;
}

secrets::SetecSource MeshKeySecret(const Options& options) {
  std::string cache = options.secrets_cache_dir;
  std::error_code ignored;
  if (std::filesystem::is_directory(cache, ignored)) cache += "/secrets.json";
  return {.url = options.secrets_url,
          .name = secrets::SecretName(options.secrets_path_prefix, "meshkey"),
          .cache_file = std::move(cache)};
}

}  // namespace derp::relay
