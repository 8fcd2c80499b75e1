// -certmode=manual: one pair of files for -hostname, made on first start when that is an IP address
// (derper.md 3.2).
#pragma once

#include <memory>
#include <optional>

#include "derper/certs/certificate_files.h"
#include "derper/certs/certificate_provider.h"

namespace derp::relay {

class ManualProvider final : public CertificateProvider {
 public:
  ManualProvider(CertificateSettings settings, const Clock& clock, const Logger& logger);

  // First use; creates the pair when it may. Logs the pin that clients need.
  Expected<void, Error> Load();

  std::shared_ptr<const net::TlsServerContext> Context() const override { return context_; }
  Expected<std::string, Error> Reload() override;
  std::vector<std::string> Files() const override { return {files_.certificate, files_.key}; }
  Expected<void, Error> RenewMeta() override;
  metrics::Registry::Source MetricsSource() const override;

 private:
  Expected<void, Error> Use(KeyPair pair);
  Expected<std::shared_ptr<const net::TlsServerContext>, Error> MakeContext(
      const KeyPair& pair) const;
  void LogPair() const;
  void WarnOfExpiry() const;

  const CertificateSettings settings_;
  const std::optional<IpAddress> ip_;  // when the host name is one
  const CertificateFiles files_;
  const Clock& clock_;
  const Logger& logger_;
  std::shared_ptr<RateLimitedLog> mismatches_;  // shared with the contexts of old connections
  std::optional<KeyPair> pair_;
  std::shared_ptr<const net::TlsServerContext> context_;
};

}  // namespace derp::relay
