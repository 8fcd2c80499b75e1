// A certificate chain and its key as two PEM files in -certdir (derper.md 3.2, 3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/certificate.h"

namespace derp::relay {

struct CertificateFiles {
  std::string certificate;  // "<certdir>/<name>.crt"
  std::string key;          // "<certdir>/<name>.key"
};

// The name is `hostname` without every character outside A-Z a-z 0-9 - and dot.
CertificateFiles FilesFor(const std::string& directory, std::string_view hostname);

struct KeyPair {
  net::CertificateChain chain;  // leaf first
  net::PrivateKey key;
};

// Both files must be there and belong together, and the leaf must cover `hostname`. Dates are not
// looked at.
Expected<KeyPair, Error> LoadKeyPair(const CertificateFiles& files, const std::string& hostname);

// What to do when only one of the files exists; empty when both do or neither.
std::optional<Error> FindLonelyFile(const CertificateFiles& files);

// Makes a self-signed pair for an address: directory 0700, key 0600 and first, certificate 0644.
// Refuses when one of the files exists: overwriting the other half has cost people their keys.
Expected<KeyPair, Error> CreateSelfSigned(const CertificateFiles& files, const IpAddress& address,
                                          WallTime now);

}  // namespace derp::relay
