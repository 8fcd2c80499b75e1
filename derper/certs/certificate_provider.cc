#include "derper/certs/certificate_provider.h"

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "derper/certs/manual_provider.h"

namespace derp::relay {
namespace {

// The first objection to the flags, in the order of derper.md 3.1.
std::string FindProblem(const CertificateSettings& settings) {
  const bool acme = settings.mode == "letsencrypt" || settings.mode == "gcp";
  const bool is_ip = IpAddress::Parse(settings.hostname).has_value();
  if (settings.directory.empty()) return "missing required --certdir flag";
  if (settings.acme_ip_certs && settings.mode != "letsencrypt") {
    return "--acme-ip-certs requires --certmode=letsencrypt";
  }
  if (settings.mode == "gcp" && is_ip) {
    return "--certmode=gcp requires --hostname to be a DNS name, not an IP address";
  }
  if (acme) {
    return fmt::format(
        "-certmode={} is not in this build yet; use -certmode=manual with {} and .key in -certdir "
        "(made for you when -hostname is an IP address), or -dev for clear text",
        settings.mode, settings.hostname + ".crt");
  }
  if (settings.mode != "manual") return "unsupport cert mode: " + GoQuote(settings.mode);
  return {};
}

}  // namespace

Expected<std::string, Error> CheckCertificates(const CertificateSettings& settings,
                                               const Clock& clock) {
  std::string problem = FindProblem(settings);
  if (!problem.empty()) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = std::move(problem)});
  }
  const CertificateFiles files = FilesFor(settings.directory, settings.hostname);
  const bool may_make = IpAddress::Parse(settings.hostname).has_value();
  if (may_make && !FileExists(files.certificate) && !FileExists(files.key)) {
    return fmt::format("{} and .key will be made, self-signed", files.certificate);
  }
  if (auto lonely = FindLonelyFile(files); may_make && lonely) return Fail(*lonely);
  const auto pair = LoadKeyPair(files, settings.hostname);
  if (!pair) return Fail(pair.error());
  const WallTime end = pair->chain.front().NotAfter();
  return fmt::format("{} {} {}", files.certificate,
                     end <= clock.WallNow() ? "EXPIRED on" : "is valid until", FormatRfc3339(end));
}

Expected<std::unique_ptr<CertificateProvider>, Error> MakeCertificateProvider(
    const CertificateSettings& settings, const Clock& clock, const Logger& logger) {
  std::string problem = FindProblem(settings);
  if (!problem.empty()) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = std::move(problem)});
  }
  auto provider = std::make_unique<ManualProvider>(settings, clock, logger);
  if (auto loaded = provider->Load(); !loaded) return Fail(loaded.error());
  return provider;
}

}  // namespace derp::relay
