// What TLS sessions share: versions, certificate, key, policy. TLS 1.2 and 1.3 only, no session
// cache, no renegotiation, no compression (derp-protocol.md 3.6).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/certificate.h"

namespace derp::net {

enum class TlsVersions { kFrom12, kOnly12, kOnly13 };

struct TlsServerOptions {
  CertificateChain chain;  // leaf first; the meta certificate is appended last
  PrivateKey key;
  std::optional<Certificate> meta_certificate;
  // Decides by SNI (empty: none was sent); false ends the handshake with alert internal_error, as
  // Go's GetCertificate does. Unset: every name is served. Called by whichever thread runs a
  // handshake.
  std::function<bool(std::string_view sni)> accept_sni;
  TlsVersions versions = TlsVersions::kFrom12;
  // One ticket per TLS 1.3 session, as Go's servers give it. A session that goes on from a ticket
  // shows no meta certificate.
  bool tickets = false;
};

// ALPN: offers http/1.1 only; clients without ALPN are fine (derp-protocol.md 3.6).
class TlsServerContext {
 public:
  static Expected<std::shared_ptr<const TlsServerContext>, Error> Make(TlsServerOptions options);
  ~TlsServerContext();
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit TlsServerContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Verifies nothing during the handshake: the caller judges the chain afterwards by
// peer_verification.h, before it sends anything, so that each problem keeps its own name. Making
// one costs a sixth of a millisecond: share it among connections.
class TlsClientContext {
 public:
  static std::shared_ptr<const TlsClientContext> Make(TlsVersions versions = TlsVersions::kFrom12);
  ~TlsClientContext();
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit TlsClientContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::net
