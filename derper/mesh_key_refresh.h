// Asks for the mesh key again while the relay runs: now and then, and when told to. On a thread of
// its own, since the secrets server may be slow.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "derper/relay/mesh_keys.h"

namespace derp::relay {

// What to do with a key that was read; says what that meant.
std::string TakeMeshKey(MeshKeys& keys, const MeshKey& key, const std::string& where);

class MeshKeyRefresh {
 public:
  struct Settings {
    std::string where;  // for texts
    // Called in the refresh's thread; is to return soon once `cancelled` says true.
    std::function<Expected<MeshKey, Error>(const std::function<bool()>& cancelled)> read;
    Duration interval = std::chrono::minutes(5);
    // Called in the refresh's thread: every outcome that AskNow() asked for, else changes of the
    // key, and the first failure of a row.
    std::function<void(const Expected<std::string, Error>&)> tell;
  };

  MeshKeyRefresh(std::shared_ptr<MeshKeys> keys, Settings settings);
  ~MeshKeyRefresh();  // waits for a read that is under way

  void AskNow();     // any thread
  void BeginStop();  // any thread; does not wait

 private:
  void Run();
  bool WaitForTurn(bool& asked);

  const std::shared_ptr<MeshKeys> keys_;
  const Settings settings_;
  Mutex mutex_;
  CondVar changed_;
  bool asked_ DERP_GUARDED_BY(mutex_) = false;
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derp::relay
