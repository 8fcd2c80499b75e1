// Stages http and derp: from a judged TLS stream to a logged-in client, one step at a time, and the
// name of whatever goes wrong (findings.md 3). Blocking, except for the judgements, which are pure.
#pragma once

#include <optional>
#include <string>

#include "common/derp/blocking_client.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// What an upgrade failure means. `relay_answers`: /derp/probe on the same host answered as a relay
// does, so that something dropped the upgrade on its way.
Finding HttpFinding(const ClientFailure& failure, bool relay_answers, Duration waited);

// Asks /derp/probe on a connection of its own and whether a relay answered it.
bool RelayAnswersProbe(const SocketAddress& address, const derpmap::Node& node,
                       const WalkContext& context, TimePoint deadline);

Finding GreetingFinding(const ClientFailure& failure, Duration waited);

// After ClientInfo. `known`: the login carried a key that should be admitted.
enum class KnownKey { kNone, kMeshKey, kKeyFile };
Finding LoginFinding(const ClientFailure& failure, KnownKey known, Duration waited);

}  // namespace derp::diagnosis
