#include "common/diagnosis/stage_tls.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/stage_tcp.h"
#include "common/diagnosis/units.h"

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

Finding OldVersion(const net::TlsSession& session) {
  return MakeFinding("tls.version", "speaks TLS 1.2 only",
                     fmt::format("negotiated TLS {}, {}", session.version(), session.cipher()),
                     "allow TLS 1.3 on the relay");
}

// One stage under way: the first try and, after silence or a cut connection, which may be a
// filter's work, one without the name and one with TLS 1.2. Kept alive by the try it waits for;
// the tries follow each other, so one thread at a time is here.
class TlsRun : public std::enable_shared_from_this<TlsRun> {
 public:
  TlsRun(const Engine& engine, const SocketAddress& address, const std::string& server_name,
         const WalkContext& context, Duration limit, std::function<void(TlsStage)> done)
      : engine_(engine),
        address_(address),
        name_(NoName(server_name)),
        context_(context),
        limit_(limit),
        done_(std::move(done)) {}

  void Start(net::Fd fd) {
    // Silence leaves two fifths of the time to find out why.
    StartTlsAttempt(
        engine_, std::move(fd), context_.tls, name_, limit_ * 3 / 5,
        [self = shared_from_this()](TlsAttempt attempt) { self->FirstDone(std::move(attempt)); });
  }

 private:
  void FirstDone(TlsAttempt attempt) {
    stage_.duration = attempt.took;
    stage_.queued = attempt.queued;
    left_ = limit_ - attempt.took;
    if (attempt.stream) {
      stage_.stream = std::move(*attempt.stream);
      const net::TlsSession* session = stage_.stream->tls();
      if (session != nullptr && !session->is_tls13()) stage_.finding = OldVersion(*session);
      done_(std::move(stage_));
      return;
    }
    first_ = std::move(attempt.stream.error());
    const bool retry = first_.error.code == ErrorCode::kTimeout || CutOff(first_.error.code);
    if (first_.tls && first_.tls->cause == TlsFailure::Cause::kNotTls) {
      End(NotTls(first_));
    } else if (first_.tls && first_.tls->alert >= 0) {
      End(Alert(*first_.tls, name_));
    } else if (!retry) {
      End(MakeFinding("tls.alert", "the TLS handshake fails",
                      PrintablePeerText(first_.error.context),
                      "check the TLS settings of what answers there"));
    } else if (!name_.empty()) {
      Try(context_.tls, "", left_ / 2, &TlsRun::WithoutNameDone);
    } else {
      Try(context_.tls12_only, name_, left_, &TlsRun::WithOldVersionDone);
    }
  }

  void WithoutNameDone(bool works) {
    if (!works) {
      Try(context_.tls12_only, name_, left_, &TlsRun::WithOldVersionDone);
      return;
    }
    End(MakeFinding("tls.sni_blocked", fmt::format("the name {} is filtered on the way", name_),
                    fmt::format("{} with the name, works without it", How()),
                    "have the name allowed on the way, or use another name or an address alone"));
  }

  void WithOldVersionDone(bool works) {
    if (works) {
      End(MakeFinding("tls.version_blocked", "TLS 1.3 is filtered on the way",
                      fmt::format("{} with TLS 1.3, works with TLS 1.2", How()),
                      "have TLS 1.3 allowed on the way"));
      return;
    }
    const bool silent = !CutOff(first_.error.code);
    End(MakeFinding(
        silent ? "tls.timeout" : "tls.reset",
        silent ? "does not answer the TLS handshake" : "cuts the TLS handshake off",
        fmt::format("{}, {}with TLS 1.2 too", How(), name_.empty() ? "" : "without a name and "),
        silent ? "look at the relay's load and log, and at filters on the way"
               : "look at what stands in front of the relay, and at its log"));
  }

  void End(Finding finding) {
    finding.data["error"] = PrintablePeerText(first_.error.context);
    stage_.finding = std::move(finding);
    done_(std::move(stage_));
  }

  std::string How() const {
    if (CutOff(first_.error.code)) {
      return first_.error.code == ErrorCode::kReset ? "reset after the ClientHello"
                                                    : "closed after the ClientHello";
    }
    return fmt::format("silent for {} after the ClientHello", ShortDuration(stage_.duration));
  }

  using Next = void (TlsRun::*)(bool works);

  // A new connection; `next` is called in a worker.
  void Try(std::shared_ptr<const net::TlsClientContext> tls, std::string name, Duration limit,
           Next next) {
    auto connected = [self = shared_from_this(), tls = std::move(tls), name = std::move(name),
                      limit, next](TcpOutcome outcome) {
      self->left_ -= outcome.duration;
      if (!outcome.fd.valid()) {
        self->engine_.pool.Post([self, next] { (*self.*next)(false); });
        return;
      }
      StartTlsAttempt(self->engine_, std::move(outcome.fd), tls, name, limit - outcome.duration,
                      [self, next](const TlsAttempt& attempt) {
                        self->left_ -= attempt.took;
                        self->stage_.queued += attempt.queued;
                        (*self.*next)(attempt.stream.has_value());
                      });
    };
    StartTcp(engine_.loop, engine_.clock, {address_}, engine_.clock.Now() + limit,
             std::move(connected));
  }

  const Engine engine_;
  const SocketAddress address_;
  const std::string name_;
  const WalkContext& context_;
  const Duration limit_;
  const std::function<void(TlsStage)> done_;
  Duration left_{};
  TlsHandshakeError first_;
  TlsStage stage_;
};

}  // namespace

std::string DescribeFirstBytes(ByteView bytes) {
  const std::string_view text = AsText(bytes);
  if (text.starts_with("HTTP/")) return "HTTP";
  if (text.starts_with("SSH-")) return "SSH";
  if (text.starts_with("220")) return "SMTP or FTP";
  return "something else";
}

void StartTlsStage(const Engine& engine, net::Fd fd, const SocketAddress& address,
                   const std::string& server_name, const WalkContext& context, Duration limit,
                   std::function<void(TlsStage)> done) {
  std::make_shared<TlsRun>(engine, address, server_name, context, limit, std::move(done))
      ->Start(std::move(fd));
}

}  // namespace derp::diagnosis
