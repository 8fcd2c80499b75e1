#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/config/print_config.h"
#include "common/secrets/setec.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

namespace {

constexpr std::size_t kMostKeyFileBytes = 4096;  // 64 digits and blanks around them

Error BadKey(std::string_view where) {
  return {.code = ErrorCode::kInvalidArgument,
          .context = fmt::format("{}: the mesh key must be 64 hexadecimal digits", where)};
}

// The reference's default, under the home directory; nothing without one.
std::string CacheFile(const Options& options,
                      const std::map<std::string, std::string>& environment) {
  if (!options.secrets_cache_file.empty()) return options.secrets_cache_file;
  const auto home = environment.find("HOME");
  if (home == environment.end() || home->second.empty()) return {};
  return home->second + "/.cache/derper-secrets";
}

Expected<std::string, Error> FromSecretsServer(
    const Options& options, const std::map<std::string, std::string>& environment,
    Duration patience) {
  const secrets::SetecSource source{
      .url = options.secrets_url,
      .name = secrets::SecretName(options.secrets_path_prefix, "meshkey"),
      .cache_file = CacheFile(options, environment)};
  auto secret =
      secrets::ObtainSecret(source, {.longest = patience, .wait = {}}, SystemClock(), Logger());
  if (!secret) return Fail(secret.error());
  return std::move(secret->value);
}

}  // namespace

Expected<MeshKeyChoice, Error> LoadMeshKey(const Options& options,
                                           const std::map<std::string, std::string>& environment,
                                           Duration patience) {
  MeshKeyChoice choice;
  std::string text;
  std::string where;
  if (options.dev) {
    const auto found = environment.find(std::string(kMeshKeyVariable));
    if (found != environment.end()) text = found->second;
    where = kMeshKeyVariable;
  } else if (!options.secrets_url.empty()) {
    auto secret = FromSecretsServer(options, environment, patience);
    if (!secret) return Fail(Within("-secrets-url", secret.error()));
    text = std::move(*secret);
    where = config::Redacted(options.secrets_url);
  } else if (!options.mesh_psk_file.empty()) {
    auto content = ReadFile(options.mesh_psk_file, kMostKeyFileBytes);
    if (!content) return Fail(Within("-mesh-psk-file", content.error()));
    text = std::move(*content);
    where = options.mesh_psk_file;
  }
  if (TrimSpace(text).empty()) {
    choice.log_line = "No mesh key configured";
    return choice;
  }
  choice.key = MeshKey::Parse(text);
  if (!choice.key) return Fail(BadKey(where));
  choice.log_line = fmt::format("Using the mesh key of {}", where);
  return choice;
}

}  // namespace derp::probe
