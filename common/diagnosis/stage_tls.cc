#include "common/diagnosis/stage_tls.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/units.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

constexpr int kAlertInternalError = 80;      // RFC 8446 6: Go's answer to an unknown name
constexpr int kAlertUnrecognizedName = 112;  // RFC 6066 3

using net::TlsFailure;
using net::TlsHandshakeError;

bool CutOff(ErrorCode code) { return code == ErrorCode::kReset || code == ErrorCode::kClosed; }

std::string NoName(const std::string& server_name) {
  return IpAddress::Parse(server_name) ? std::string() : server_name;
}

Finding NotTls(const TlsHandshakeError& failure) {
  Finding finding = MakeFinding("tls.not_tls");
  const std::string what = DescribeFirstBytes(failure.first_bytes);
  finding.headline = fmt::format("speaks no TLS on this port but {}", what);
  finding.fact =
      fmt::format("first bytes: \"{}\"", PrintablePeerText(AsText(ByteView(failure.first_bytes))));
  finding.advice = "correct the port in the map, or give the relay its certificate";
  finding.data["looks_like"] = what;
  return finding;
}

Finding Alert(const TlsFailure& failure, const std::string& name) {
  const bool about_name =
      failure.alert == kAlertUnrecognizedName || failure.alert == kAlertInternalError;
  const bool refused = about_name && !name.empty();
  Finding finding = MakeFinding(refused ? "tls.sni_refused" : "tls.alert");
  const std::string words = PrintablePeerText(failure.text);
  if (refused) {
    finding.headline = fmt::format("has no certificate for {}", name);
    finding.fact = fmt::format("alert {} to the name {}", failure.alert, name);
    finding.advice = "make HostName in the map and -hostname of the relay equal";
  } else {
    finding.headline = "refuses the TLS handshake";
    finding.fact = fmt::format("alert {} ({})", failure.alert, words);
    finding.advice = "check the TLS settings of what answers there";
  }
  finding.data["alert"] = std::int64_t{failure.alert};
  return finding;
}

// Silence or a cut connection may be a filter's work: try without the name, then with TLS 1.2.
class Retries {
 public:
  Retries(const SocketAddress& address, const std::string& name, const WalkContext& context,
          TimePoint deadline)
      : address_(address), name_(name), context_(context), deadline_(deadline) {}

  Finding Explain(const TlsHandshakeError& first, Duration tried) const {
    if (!name_.empty() && Works(*this, context_.tls, "", 2)) {
      Finding finding = MakeFinding("tls.sni_blocked");
      finding.headline = fmt::format("the name {} is filtered on the way", name_);
      finding.fact = fmt::format("{} with the name, works without it", How(first, tried));
      finding.advice = "have the name allowed on the way, or use another name or an address alone";
      return finding;
    }
    if (Works(*this, context_.tls12_only, name_, 1)) {
      Finding finding = MakeFinding("tls.version_blocked");
      finding.headline = "TLS 1.3 is filtered on the way";
      finding.fact = fmt::format("{} with TLS 1.3, works with TLS 1.2", How(first, tried));
      finding.advice = "have TLS 1.3 allowed on the way";
      return finding;
    }
    const bool silent = !CutOff(first.error.code);
    Finding finding = MakeFinding(silent ? "tls.timeout" : "tls.reset");
    finding.headline = silent ? "does not answer the TLS handshake" : "cuts the TLS handshake off";
    finding.fact = fmt::format("{}, {}with TLS 1.2 too", How(first, tried),
                               name_.empty() ? "" : "without a name and ");
    finding.advice = silent ? "look at the relay's load and log, and at filters on the way"
                            : "look at what stands in front of the relay, and at its log";
    return finding;
  }

 private:
  static std::string How(const TlsHandshakeError& first, Duration tried) {
    if (CutOff(first.error.code)) {
      return first.error.code == ErrorCode::kReset ? "reset after the ClientHello"
                                                   : "closed after the ClientHello";
    }
    return fmt::format("silent for {} after the ClientHello", ShortDuration(tried));
  }

  // Shares what is left of the time with the tries that may follow.
  static bool Works(const Retries& self, const std::shared_ptr<const net::TlsClientContext>& tls,
                    const std::string& name, int tries_left) {
    const TimePoint now = self.context_.clock.Now();
    const TimePoint deadline = now + Remaining(now, self.deadline_) / tries_left;
    auto fd = net::ConnectTcp(self.address_, deadline);
    if (!fd) return false;
    return net::StartTls(std::move(*fd), tls, name, deadline).has_value();
  }

  const SocketAddress& address_;
  const std::string& name_;
  const WalkContext& context_;
  TimePoint deadline_;
};

}  // namespace

std::string DescribeFirstBytes(ByteView bytes) {
  const std::string_view text = AsText(bytes);
  if (text.starts_with("HTTP/")) return "HTTP";
  if (text.starts_with("SSH-")) return "SSH";
  if (text.starts_with("220")) return "SMTP or FTP";
  return "something else";
}

TlsStage RunTls(net::Fd fd, const SocketAddress& address, const std::string& server_name,
                const WalkContext& context, TimePoint deadline) {
  const std::string name = NoName(server_name);
  const TimePoint start = context.clock.Now();
  // Silence leaves two fifths of the time to find out why.
  const TimePoint first_deadline = start + Remaining(start, deadline) * 3 / 5;
  auto stream = net::StartTls(std::move(fd), context.tls, name, first_deadline);
  TlsStage stage;
  stage.duration = context.clock.Now() - start;
  if (stream) {
    stage.stream = std::move(*stream);
    const net::TlsSession* session = stage.stream->tls();
    if (session != nullptr && !session->is_tls13()) {
      stage.finding = MakeFinding("tls.version");
      stage.finding->headline = "speaks TLS 1.2 only";
      stage.finding->fact =
          fmt::format("negotiated TLS {}, {}", session->version(), session->cipher());
      stage.finding->advice = "allow TLS 1.3 on the relay";
    }
    return stage;
  }
  const TlsHandshakeError& failure = stream.error();
  const bool retry = failure.error.code == ErrorCode::kTimeout || CutOff(failure.error.code);
  if (failure.tls && failure.tls->cause == TlsFailure::Cause::kNotTls) {
    stage.finding = NotTls(failure);
  } else if (failure.tls && failure.tls->alert >= 0) {
    stage.finding = Alert(*failure.tls, name);
  } else if (retry) {
    stage.finding = Retries(address, name, context, deadline).Explain(failure, stage.duration);
  } else {
    stage.finding = MakeFinding("tls.alert");
    stage.finding->headline = "the TLS handshake fails";
    stage.finding->fact = PrintablePeerText(failure.error.context);
    stage.finding->advice = "check the TLS settings of what answers there";
  }
  stage.finding->data["error"] = PrintablePeerText(failure.error.context);
  return stage;
}

}  // namespace derp::diagnosis
