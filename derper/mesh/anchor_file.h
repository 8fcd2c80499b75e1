// The trust anchors for mesh peers: the system's, and those of -mesh-ca-file, read again for each
// dial so that a new file needs no restart.
#pragma once

#include <memory>
#include <string>

#include "common/base/log.h"
#include "common/net/peer_verification.h"

namespace derp::relay {

// One thread. `logger` outlives it.
class AnchorFile {
 public:
  AnchorFile(std::string path, const Logger& logger);  // an empty path: the system's only

  // Never null: while the file cannot be read or is broken, the last good anchors count, at first
  // the system's.
  std::shared_ptr<const net::RootStore> Current();

 private:
  const std::string path_;
  const Logger& logger_;
  std::string pem_;           // what roots_ was made of
  std::string last_problem_;  // told once, not at every dial
  std::shared_ptr<const net::RootStore> roots_;
};

}  // namespace derp::relay
