// Base64 of RFC 4648: the standard alphabet with padding (section 4) and the URL alphabet without
// (section 5).
#pragma once

#include <string>

#include "common/base/bytes.h"

namespace derp {

std::string EncodeBase64(ByteView bytes);
std::string EncodeBase64Url(ByteView bytes);

}  // namespace derp
