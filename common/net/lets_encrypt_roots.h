// Let's Encrypt's root certificates, for hosts without a certificate bundle (derp-protocol.md 3.6).
#pragma once

#include <string_view>

namespace derp::net {

std::string_view LetsEncryptRoots();  // PEM

}  // namespace derp::net
