// The node key in derper's key file (derper.md 4.1): {"PrivateKey": "privkey:<64 hex digits>"}.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::wire {

inline constexpr std::size_t kMaxKeyFile =
    64 * 1024;  // One short member; anything longer is a mix-up.

// Error texts name the problem, never what the file holds.
Expected<NodePrivate, Error> ParseKeyFile(std::string_view json);

}  // namespace derp::wire
