// The table of catalogue.h in pieces, each in a file of its own to keep files short.
#pragma once

#include <span>

#include "common/diagnosis/catalogue.h"

namespace derp::diagnosis {

std::span<const CatalogueEntry> MapEntries();
std::span<const CatalogueEntry> ReachEntries();    // dns, tcp, tls
std::span<const CatalogueEntry> CertEntries();     // cert
std::span<const CatalogueEntry> SessionEntries();  // http, derp, relay, mesh
std::span<const CatalogueEntry> SideEntries();  // stun, port80, latency, ws, admission, bandwidth
std::span<const CatalogueEntry> ProberEntries();

}  // namespace derp::diagnosis
