// Where the relay's TLS contexts come from. Which provider serves is decided by the flags
// (derper.md 3.1).
#pragma once

#include <memory>
#include <string>
#include <vector>

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

  // What Reload() reads.
  virtual std::vector<std::string> Files() const = 0;

  // Once a day: a fresh meta certificate, which is valid for 30 days (derper.md 3.4), and a warning
  // when the certificate comes near its end.
  virtual Expected<void, Error> RenewMeta() = 0;

  // derper_certificate_not_after_seconds{hostname}, derper_certificate_days_left{hostname}
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

// Whether the provider could be made, without making anything: what it would serve.
Expected<std::string, Error> CheckCertificates(const CertificateSettings& settings,
                                               const Clock& clock);

}  // namespace derp::relay
