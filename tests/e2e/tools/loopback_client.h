// A logged-in client of a relay on loopback, for the programs that play clients in Python tests.
// Certificates are not checked.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/derp/blocking_client.h"

namespace derp::test {

inline TimePoint Soon() { return SystemClock().Now() + std::chrono::seconds(20); }

// `random` and `clock` outlive the client.
Expected<std::unique_ptr<BlockingClient>, Error> ConnectTo(const std::string& address,
                                                           const ClientIdentity& identity,
                                                           RandomSource& random,
                                                           const Clock& clock);

}  // namespace derp::test
