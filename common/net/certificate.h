// X.509 certificates and private keys as values: loading, making, and the facts others ask for.
// OpenSSL stays inside the .cc file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"

namespace derp::net {

// Cheap to copy (a counted reference); immutable; any thread.
class Certificate {
 public:
  static Expected<Certificate, Error> FromDer(ByteView der);

  Bytes Der() const;
  std::string Sha256Hex() const;  // of the DER, lower case: what "sha256-raw:" pins
  std::string SubjectCommonName() const;
  std::string IssuerText() const;  // organisation and common name, for people
  std::string IssuerOrganization() const;
  std::vector<std::string> Names() const;  // DNS names and IP addresses of the SAN extension
  WallTime NotBefore() const;
  WallTime NotAfter() const;
  bool IsSelfSigned() const;  // issuer equals subject and its own key verifies it
  bool IsMeta() const;        // its common name starts with "derpkey"
  // True when a SAN covers `name`: DNS rules with wildcards, or an iPAddress equal to an IP
  // literal.
  bool CoversName(std::string_view name) const;
  // The first CRL distribution point and the CA-issuers URL, when present.
  std::optional<std::string> CrlUrl() const;
  std::optional<std::string> IssuerUrl() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

using CertificateChain = std::vector<Certificate>;  // leaf first

class PrivateKey {
 public:
  static Expected<PrivateKey, Error> FromPem(std::string_view pem);
  static PrivateKey GenerateP256();
  std::string ToPem() const;  // SEC1 "EC PRIVATE KEY" for EC keys
  bool Matches(const Certificate& certificate) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// All certificates of a PEM text in their order; fails on none or on a broken one.
Expected<CertificateChain, Error> ParsePemChain(std::string_view pem);
std::string ToPem(const Certificate& certificate);

// derper.md 3.3: P-256, subject and only SAN = the address, valid from `now` for a calendar year.
Certificate MakeSelfSigned(const IpAddress& address, const PrivateKey& key, WallTime now);

// For tests and tools: a certificate with any names and dates, issued by `issuer` (or self-signed).
struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> names;  // DNS names and IP literals
  WallTime not_before;
  WallTime not_after;
  bool is_ca = false;
  std::string issuer_url{};  // where the issuer's certificate is, none when empty
  std::string crl_url{};     // where the list of revoked ones is, none when empty
};
Certificate IssueCertificate(const CertificateRequest& request, const PrivateKey& key,
                             const Certificate* issuer, const PrivateKey& issuer_key);

// derp-protocol.md 3.7: the throw-away Ed25519 certificate that tells clients the relay's key.
Certificate MakeMetaCertificate(const NodePublic& server, WallTime now);

// The relay's key and protocol version from the first readable meta certificate of a chain; empty
// when there is none, or when its key or version is zero: then fast start must not be used.
struct MetaKey {
  NodePublic server;
  unsigned version = 0;
};
std::optional<MetaKey> FindMetaKey(const CertificateChain& chain);

}  // namespace derp::net
