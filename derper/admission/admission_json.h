// The JSON that admission speaks (derp-protocol.md 5.9). Input comes from other programs and is
// bounded by its readers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::admission {

// {"NodePublic":"nodekey:…","Source":"1.2.3.4"}
std::string VerifyRequest(const NodePublic& key, std::string_view source);

// What the controller says: Allow of the first JSON value, as Go's decoder reads it; what follows
// that value does not matter. The failure is a few words.
Expected<bool, std::string> ReadVerifyReply(std::string_view text);

// Whether the text is one JSON object.
bool IsJsonObject(std::string_view text);

// Self.PublicKey of tailscaled's status.
std::optional<NodePublic> OwnKeyOfStatus(std::string_view text);

}  // namespace derp::admission
