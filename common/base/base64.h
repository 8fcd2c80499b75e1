// Base64 of RFC 4648 section 4: the standard alphabet, padded.
#pragma once

#include <string>

#include "common/base/bytes.h"

namespace derp {

std::string EncodeBase64(ByteView bytes);

}  // namespace derp
