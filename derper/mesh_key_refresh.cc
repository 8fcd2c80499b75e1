#include "derper/mesh_key_refresh.h"

#include <utility>

#include <fmt/format.h>

namespace derp::relay {

std::string TakeMeshKey(MeshKeys& keys, const MeshKey& key, const std::string& where) {
  if (!keys.Replace(key)) return where + " unchanged";
  return fmt::format("{} taken; the old key is accepted for {} more minutes", where,
                     std::chrono::duration_cast<std::chrono::minutes>(kOldMeshKeyGrace).count());
}

MeshKeyRefresh::MeshKeyRefresh(std::shared_ptr<MeshKeys> keys, Settings settings)
    : keys_(std::move(keys)), settings_(std::move(settings)), thread_([this] { Run(); }) {}

MeshKeyRefresh::~MeshKeyRefresh() {
  BeginStop();
  thread_.join();
}

void MeshKeyRefresh::AskNow() {
  const MutexLock lock(mutex_);
  asked_ = true;
  changed_.NotifyOne();
}

void MeshKeyRefresh::BeginStop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyOne();
}

bool MeshKeyRefresh::WaitForTurn(bool& asked) {
  const auto next = std::chrono::steady_clock::now() + settings_.interval;
  const MutexLock lock(mutex_);
  while (!stopping_ && !asked_) {
    if (!changed_.WaitUntil(mutex_, next)) break;
  }
  asked = std::exchange(asked_, false);
  return !stopping_;
}

void MeshKeyRefresh::Run() {
  const auto cancelled = [this] {
    const MutexLock lock(mutex_);
    return stopping_;
  };
  bool failing = false;
  bool asked = false;
  while (WaitForTurn(asked)) {
    const auto key = settings_.read(cancelled);
    if (cancelled()) return;
    if (!key) {
      if (asked || !failing) settings_.tell(Fail(key.error()));
      failing = true;
      continue;
    }
    const bool is_new = !key->ConstantTimeEquals(keys_->Current());
    std::string outcome = TakeMeshKey(*keys_, *key, settings_.where);
    if (asked || is_new || failing) settings_.tell(std::move(outcome));
    failing = false;
  }
}

}  // namespace derp::relay
