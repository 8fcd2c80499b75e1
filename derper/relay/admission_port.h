// The seam between the relay and what decides who may use it (derp-protocol.md 5.9). The relay asks
// once per client, after its ClientInfo; holders of the mesh key are not asked about.
#pragma once

#include <functional>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"

namespace derp::relay {

// How long a client is kept waiting for a decision; then it is closed.
inline constexpr auto kAdmissionTimeout = std::chrono::seconds(6);

struct AdmissionQuestion {
  NodePublic key;
  SocketAddress remote;  // the client's, unmapped
  bool is_prober = false;
};

class AdmissionPort {
 public:
  // Whether the client may enter. The client may be gone by then.
  using Answer = std::function<void(bool admitted)>;

  virtual ~AdmissionPort() = default;
  // Any thread; never blocks. Answers once, in any thread, perhaps before it returns. Logs and
  // counts its decisions itself.
  virtual void Ask(const AdmissionQuestion& question, Answer answer) = 0;
};

}  // namespace derp::relay
