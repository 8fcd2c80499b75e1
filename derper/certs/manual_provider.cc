#include "derper/certs/manual_provider.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/derpmap/json_writer.h"

namespace derp::relay {
namespace {

constexpr auto kExpiryWarning = std::chrono::hours(24 * 30);

}  // namespace

ManualProvider::ManualProvider(CertificateSettings settings, const Clock& clock,
                               const Logger& logger)
    : settings_(std::move(settings)),
      ip_(IpAddress::Parse(settings_.hostname)),
      files_(FilesFor(settings_.directory, settings_.hostname)),
      clock_(clock),
      logger_(logger),
      mismatches_(std::make_shared<RateLimitedLog>(logger, clock, 5, std::chrono::seconds(10))) {}

Expected<void, Error> ManualProvider::Load() {
  const bool complete = FileExists(files_.certificate) && FileExists(files_.key);
  auto pair = ip_ && !complete ? CreateSelfSigned(files_, *ip_, clock_.WallNow())
                               : LoadKeyPair(files_, settings_.hostname);
  if (!pair) return Fail(pair.error());
  if (auto used = Use(std::move(*pair)); !used) return used;
  LogPair();
  return {};
}

Expected<std::string, Error> ManualProvider::Reload() {
  auto pair = LoadKeyPair(files_, settings_.hostname);
  if (!pair) return Fail(pair.error());
  const bool changed = pair->chain.front().Der() != pair_->chain.front().Der();
  if (auto used = Use(std::move(*pair)); !used) return Fail(used.error());
  if (changed) LogPair();
  return fmt::format("{} {}, valid until {}", files_.certificate, changed ? "taken" : "unchanged",
                     FormatRfc3339(pair_->chain.front().NotAfter()));
}

Expected<void, Error> ManualProvider::RenewMeta() {
  auto context = MakeContext(*pair_);
  if (!context) return Fail(context.error());
  context_ = std::move(*context);
  WarnOfExpiry();
  return {};
}

Expected<void, Error> ManualProvider::Use(KeyPair pair) {
  auto context = MakeContext(pair);
  if (!context) return Fail(context.error());
  context_ = std::move(*context);
  pair_ = std::move(pair);
  return {};
}

Expected<std::shared_ptr<const net::TlsServerContext>, Error> ManualProvider::MakeContext(
    const KeyPair& pair) const {
  net::TlsServerOptions options{
      .chain = pair.chain,
      .key = pair.key,
      .meta_certificate = net::MakeMetaCertificate(settings_.server, clock_.WallNow()),
      .accept_sni = {}};
  if (!ip_) {  // Clients send no server name for an address, so any will do then.
    options.accept_sni = [hostname = settings_.hostname,
                          mismatches = mismatches_](std::string_view sni) {
      if (EqualsIgnoreCase(sni, hostname)) return true;
      mismatches->Write(LogLevel::kInfo, fmt::format("cert mismatch with hostname: {}",
                                                     GoQuote(PrintablePeerText(sni))));
      return false;
    };
  }
  return net::TlsServerContext::Make(std::move(options));
}

void ManualProvider::WarnOfExpiry() const {
  const net::Certificate& leaf = pair_->chain.front();
  const Duration left = leaf.NotAfter() - clock_.WallNow();
  if (left >= kExpiryWarning) return;
  const std::string advice =
      ip_ && leaf.IsSelfSigned()
          ? ": remove it and its .key and restart to get a new pair, then put its pin into the map"
          : "";
  if (left <= Duration::zero()) {
    logger_.Warn("derper: {} expired on {}; clients refuse it{}", files_.certificate,
                 FormatRfc3339(leaf.NotAfter()), advice);
    return;
  }
  logger_.Warn("derper: {} expires on {}, in {} days{}", files_.certificate,
               FormatRfc3339(leaf.NotAfter()),
               std::chrono::duration_cast<std::chrono::hours>(left).count() / 24, advice);
}

void ManualProvider::LogPair() const {
  WarnOfExpiry();
  const net::Certificate& leaf = pair_->chain.front();
  if (!ip_) return;
  const std::string ip = ip_->ToString();
  if (!leaf.IsSelfSigned()) {
    logger_.Info("derper: using the certificate of {} for IP address {}", leaf.IssuerText(),
                 GoQuote(ip));
    return;
  }
  if (pair_->chain.size() > 1) {
    logger_.Warn("derper: {} holds {} certificates; clients accept a sha256-raw pin for one only",
                 files_.certificate, pair_->chain.size());
  }
  derpmap::Node node;
  node.name = "custom";
  node.region_id = 900;
  node.host_name = ip;
  node.cert_name = "sha256-raw:" + leaf.Sha256Hex();
  logger_.Info(
      "Using self-signed certificate for IP address {}. Configure it in DERPMap using: "
      "(https://tailscale.com/s/custom-derp)\n"
      "  {}",
      GoQuote(ip), derpmap::WriteJson(node));
}

metrics::Registry::Source ManualProvider::MetricsSource() const {
  return [this](std::vector<metrics::Family>& out) {
    metrics::Sample sample;
    sample.labels = {{"hostname", settings_.hostname}};
    sample.value = static_cast<double>(UnixSeconds(pair_->chain.front().NotAfter()));
    out.push_back({.name = "derper_certificate_not_after_seconds",
                   .kind = metrics::Kind::kGauge,
                   .help = "When the served certificate ends, in seconds since 1970.",
                   .samples = {sample}});
    const std::chrono::duration<double, std::ratio<86400>> left =
        pair_->chain.front().NotAfter() - clock_.WallNow();
    sample.value = left.count();
    out.push_back({.name = "derper_certificate_days_left",
                   .kind = metrics::Kind::kGauge,
                   .help = "Days until the served certificate ends; below zero it has.",
                   .samples = {std::move(sample)}});
  };
}

}  // namespace derp::relay
