// Base64 of RFC 4648 section 4: the standard alphabet, padded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace derp {

std::string EncodeBase64(ByteView bytes);
// Empty for anything that EncodeBase64() would not write.
std::optional<Bytes> DecodeBase64(std::string_view text);

}  // namespace derp
