// The relay's private key and the mesh key.
#include <unistd.h>

#include "derper/key_file.h"
#include "derper/mesh_key.h"
#include "derper/mesh_key_refresh.h"
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::LoadKeys() {
  if (options_.dev) {
    key_ = NodePrivate::Generate(random_);
  } else {
    const auto path = KeyFilePath(options_.key_file, geteuid() == 0, logger_);
    if (!path) return Fail(Within("derper", path.error()));
    auto key = LoadOrCreateKey(*path, random_, logger_);
    if (!key) return Fail(Within("derper", key.error()));
    key_ = *key;
  }
  auto mesh_key = LoadMeshKey(options_, environment_, clock_, logger_);
  if (!mesh_key) return Fail(mesh_key.error());
  if (*mesh_key) mesh_keys_ = std::make_shared<MeshKeys>(**mesh_key, clock_);
  auto targets = ParseMeshWith(options_.mesh_with);
  if (!targets) return Fail(Within("startMesh", targets.error()));
  mesh_targets_ = std::move(*targets);
  if (!mesh_targets_.empty() && !mesh_keys_) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = "startMesh: --mesh-with requires --mesh-psk-file"});
  }
  return {};
}

void Server::KeepMeshKeyFresh() {
  if (!mesh_keys_ || options_.dev) return;
  constexpr const char* kPart = "mesh key";
  if (options_.secrets_url.empty()) {
    reloads_.Add(kPart, [this]() -> Expected<std::string, Error> {
      const auto key = ReadMeshKeyFile(options_.mesh_psk_file);
      if (!key) return Fail(key.error());
      return TakeMeshKey(*mesh_keys_, *key, options_.mesh_psk_file);
    });
    return;
  }
  const secrets::SetecSource source = MeshKeySecret(options_);
  key_refresh_ = std::make_unique<MeshKeyRefresh>(
      mesh_keys_, MeshKeyRefresh::Settings{
                      .where = "secret " + source.name,
                      .read =
                          [this, source](const std::function<bool()>& cancelled) {
                            secrets::SetecSource asked = source;
                            asked.cancelled = cancelled;
                            return FetchMeshKey(asked, clock_, logger_);
                          },
                      .tell =
                          [this](const Expected<std::string, Error>& outcome) {
                            control_.Post([this, outcome] { reloads_.Tell(kPart, outcome); });
                          }});
  reloads_.AddSlow([this] { key_refresh_->AskNow(); });
}

}  // namespace derp::relay
