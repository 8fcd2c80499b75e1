// What else can be asked of a certificate: names in full, and who issued it. Beside certificate.h
// because few need it. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/net/peer_verification.h"

namespace derp::net {

// The whole issuer name as RFC 2253 writes it ("CN=FortiGate CA,O=Fortinet,C=US"); raw peer text.
std::string FullIssuerText(const Certificate& certificate);
// rfc822Names of the SAN extension and emailAddress attributes of subject and issuer; raw.
std::vector<std::string> MailAddresses(const Certificate& certificate);

// Who signed `certificate`: one of `candidates` or an anchor. The signature has been checked.
std::optional<Certificate> IssuerOf(const Certificate& certificate,
                                    const CertificateChain& candidates, const RootStore& roots);

// From the first certificate of a chain through the others as far as they lead, meta certificates
// aside: where the next issuer is missing, or the root that was sent. Empty for an empty chain.
std::optional<Certificate> EndOfChain(const CertificateChain& presented);

}  // namespace derp::net
