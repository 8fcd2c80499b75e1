// Recognises machines on the way that open TLS connections, by the certificates they show
// (netcheck.md 8.1). Pure. Ask it only about a chain that could not be verified.
#pragma once

#include <optional>
#include <string_view>

#include "common/net/certificate.h"

namespace derp::net {

// The vendor's name; looks at every certificate that came, in the table's order.
std::optional<std::string_view> FindMiddleBox(const CertificateChain& presented);

}  // namespace derp::net
