#include "derper/mesh_key.h"

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMaxMeshKeyFile = 4096;  // 64 digits and blanks.
constexpr const char* kDevVariable = "TAILSCALE_DERPER_MESH_KEY";

// Empty when there is none to be had.
Expected<std::string, Error> MeshKeyText(const Options& options, const Environment& environment,
                                         const Logger& logger) {
  if (options.dev) {
    const auto found = environment.find(kDevVariable);
    const bool set = found != environment.end() && !found->second.empty();
    if (set) {
      logger.Info("Set mesh key from {}", kDevVariable);
      return found->second;
    }
    logger.Info("No mesh key specified for dev via {}", kDevVariable);
    return std::string();
  }
  if (options.mesh_psk_file.empty()) return std::string();
  const auto text = ReadFile(options.mesh_psk_file, kMaxMeshKeyFile);
  if (!text) return Fail(Within("StaticFile failed to get key", text.error()));
  if (IsReadableByOthers(options.mesh_psk_file)) {
    logger.Warn("derper: {} can be read by others; whoever has the mesh key sees every client",
                options.mesh_psk_file);
  }
  logger.Info("Got mesh key from static file");
  return *text;
}

Error InvalidKey(std::string_view why) {
  return {.code = ErrorCode::kInvalidArgument, .context = "invalid mesh key: " + std::string(why)};
}

}  // namespace

Expected<std::optional<MeshKey>, Error> LoadMeshKey(const Options& options,
                                                    const Environment& environment,
                                                    const Logger& logger) {
  const auto text = MeshKeyText(options, environment, logger);
  if (!text) return Fail(text.error());
  if (TrimSpace(*text).empty()) {
    logger.Info("No mesh key configured{}", options.dev ? " for --dev mode" : "");
    return std::optional<MeshKey>();
  }
  const std::optional<MeshKey> key = MeshKey::Parse(*text);
  if (!key) return Fail(InvalidKey("want 64 hex digits"));
  if (key->is_zero()) return Fail(InvalidKey("all zeros"));
  logger.Info("DERP mesh key configured");
  return key;
}

}  // namespace derp::relay
