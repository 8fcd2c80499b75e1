// Where the relay's TLS contexts come from. Which provider serves is decided by the flags
// (derper.md 3.1).
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/metrics/registry.h"
#include "common/net/tls_context.h"

namespace derp::relay {

// Control thread only.
class CertificateProvider {
 public:
  virtual ~CertificateProvider() = default;

  // For the next connection; connections keep the context they began with. Never null.
  virtual std::shared_ptr<const net::TlsServerContext> Context() const = 0;

  // Reads again what came from files, and says what is served now. On failure everything stays as
  // it was.
  virtual Expected<std::string, Error> Reload() = 0;

  // A fresh meta certificate; it is valid for 30 days, so once a day is plenty (derper.md 3.4).
  virtual Expected<void, Error> RenewMeta() = 0;

  // derper_certificate_not_after_seconds{hostname}
  virtual metrics::Registry::Source MetricsSource() const = 0;
};

struct CertificateSettings {
  std::string mode;
  std::string directory;
  std::string hostname;
  bool acme_ip_certs = false;
  NodePublic server;  // named by the meta certificate
};

// `clock` and `logger` (any thread) outlive the provider and its contexts.
Expected<std::unique_ptr<CertificateProvider>, Error> MakeCertificateProvider(
    const CertificateSettings& settings, const Clock& clock, const Logger& logger);

}  // namespace derp::relay
