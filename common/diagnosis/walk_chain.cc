#include "common/diagnosis/walk_chain.h"

#include <array>
#include <set>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/dial.h"
#include "common/diagnosis/several_keys.h"
#include "common/diagnosis/stage_cert.h"
#include "common/diagnosis/stage_relay.h"
#include "common/diagnosis/stage_session.h"
#include "common/diagnosis/trust/check_chain.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr std::array kFamilyStages = {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp,
                                      Stage::kDerp};
constexpr std::string_view kNotAsked = "not asked for";

// A family that got through to the login.
struct LoggedIn {
  AddressFamily family = AddressFamily::kIpv4;
  SocketAddress address;
  Duration tcp_rtt{};
  std::unique_ptr<BlockingClient> client;
  bool verified = false;
  TimePoint at;
};

class ChainWalk {
 public:
  ChainWalk(const WalkTask& task, const WalkContext& context, TimePoint deadline,
            Recorder& recorder)
      : task_(task), context_(context), deadline_(deadline), recorder_(recorder) {}

  std::optional<MeshMember> Run(std::vector<FamilyWalk>& families) {
    for (FamilyWalk& family : families) WalkFamily(family);
    if (logged_in_.empty()) {
      RecordNoRelay();
      return std::nullopt;
    }
    LoggedIn* fastest = &logged_in_.front();
    for (LoggedIn& each : logged_in_) {
      if (each.tcp_rtt < fastest->tcp_rtt) fastest = &each;
    }
    recorder_.report().relay_family = fastest->family;
    CompareGreetings(*fastest);
    if (!Relay(*fastest)) return std::nullopt;
    return MeshMember{task_.node.name, std::move(fastest->client), fastest->at};
  }

 private:
  TimePoint Until(Duration cap) const { return std::min(deadline_, context_.clock.Now() + cap); }

  // The finding ends the stage and, if it is an error, the family's walk.
  void End(Stage stage, AddressFamily family, Duration took, Finding finding) {
    stopped_ = stopped_.value_or(stage);
    recorder_.Decide(stage, family, took, std::move(finding));
    NotReachedFrom(static_cast<Stage>(static_cast<int>(stage) + 1), family, stage, recorder_);
  }

  void WalkFamily(FamilyWalk& family) {
    const AddressFamily which = family.plan.family;
    if (family.plan.addresses.empty()) {
      SkipFrom(Stage::kTcp, which, family.plan.skip_reason, recorder_);
      return;
    }
    if (family.tcp.error) {
      End(Stage::kTcp, which, family.tcp.duration, TcpFinding(family.tcp));
      return;
    }
    recorder_.Ok(Stage::kTcp, which, family.tcp.duration);
    Tls(family);
  }

  void Tls(FamilyWalk& family) {
    const AddressFamily which = family.plan.family;
    TlsStage tls = std::move(family.tls);
    if (!tls.stream) {
      End(Stage::kTls, which, tls.duration, std::move(*tls.finding));
      return;
    }
    if (tls.finding) {
      recorder_.Decide(Stage::kTls, which, tls.duration, std::move(*tls.finding));
    } else {
      recorder_.Ok(Stage::kTls, which, tls.duration);
    }
    Cert(family, std::move(tls.stream));
  }

  void Cert(FamilyWalk& family, std::unique_ptr<net::ByteStream> stream) {
    const AddressFamily which = family.plan.family;
    const TimePoint start = context_.clock.Now();
    const net::TlsSession* session = stream->tls();
    CertStage cert =
        CheckCertificates(session->PeerCertificates(), session->is_tls13(), PolicyOf(task_.node),
                          family.tcp.address.ip, context_, Until(context_.caps.tls));
    const Duration took = context_.clock.Now() - start;
    NodeReport& report = recorder_.report();
    if (cert.days_left && (!report.cert_days_left || *cert.days_left < *report.cert_days_left)) {
      report.cert_days_left = cert.days_left;
      report.cert_not_after = cert.not_after;
    }
    if (cert.meta) report.meta_version = cert.meta->version;
    for (Finding& note : cert.notes) recorder_.Note(std::move(note), which);
    if (cert.refused) {
      End(Stage::kCert, which, took, std::move(*cert.decision));
      return;
    }
    if (cert.decision) {
      recorder_.Decide(Stage::kCert, which, took, std::move(*cert.decision));
    } else {
      recorder_.Ok(Stage::kCert, which, took);
    }
    if (!task_.asked.mesh) {
      if (cert.meta_note) recorder_.Note(*cert.meta_note, which);
      SkipFrom(Stage::kHttp, which, kNotAsked, recorder_);
      return;
    }
    Http(family, std::move(stream), cert);
  }

  bool SendsMeshKey(bool verified) const { return task_.mesh_key && verified; }

  std::optional<MeshKey> KeyFor(bool verified) const {
    return SendsMeshKey(verified) ? task_.mesh_key : std::nullopt;
  }

  void Http(FamilyWalk& family, std::unique_ptr<net::ByteStream> stream, const CertStage& cert) {
    const AddressFamily which = family.plan.family;
    LoggedIn login;
    login.family = which;
    login.address = family.tcp.address;
    login.tcp_rtt = family.tcp.duration;
    login.verified = cert.verified;
    login.client = MakeClient(std::move(stream), task_.node, KeyFor(cert.verified), context_);
    const TimePoint start = context_.clock.Now();
    task_.At(Stage::kHttp);
    const auto upgraded = login.client->Upgrade(Until(context_.caps.http));
    const Duration took = context_.clock.Now() - start;
    if (!upgraded) {
      const bool refused = upgraded.error().fault == ClientFault::kUpgradeRefused;
      const bool relay_answers = refused && RelayAnswersProbe(login.address, task_.node, context_,
                                                              Until(context_.caps.http));
      End(Stage::kHttp, which, took, HttpFinding(upgraded.error(), relay_answers, took));
      return;
    }
    recorder_.Ok(Stage::kHttp, which, took);
    if (cert.meta_note) recorder_.Note(*cert.meta_note, which);
    Derp(std::move(login), cert);
  }

  void Derp(LoggedIn login, const CertStage& cert) {
    task_.At(Stage::kDerp);
    const TimePoint start = context_.clock.Now();
    const TimePoint until = Until(context_.caps.derp);
    const auto key = login.client->ReadGreeting(until);
    if (!key) {
      const Duration took = context_.clock.Now() - start;
      End(Stage::kDerp, login.family, took, GreetingFinding(key.error(), took));
      return;
    }
    greetings_.insert(*key);
    recorder_.report().server_key = key->ToString();
    if (cert.meta && cert.meta->server != *key) NoteMetaDiffers(login.family, *cert.meta, *key);
    const auto info = login.client->Login(until);
    const Duration took = context_.clock.Now() - start;
    if (!info) {
      Finding finding = LoginFinding(info.error(), SendsMeshKey(login.verified), took);
      if (finding.code == "admission.closed") {
        admission_closed_ = true;
        recorder_.Decide(Stage::kDerp, login.family, took, std::move(finding));
      } else {
        End(Stage::kDerp, login.family, took, std::move(finding));
      }
      return;
    }
    login.at = context_.clock.Now();
    recorder_.Ok(Stage::kDerp, login.family, took);
    logged_in_.push_back(std::move(login));
  }

  void NoteMetaDiffers(AddressFamily family, const net::MetaKey& meta, const NodePublic& key) {
    Finding finding = MakeFinding("cert.meta_differs");
    finding.headline = "meta certificate and greeting name different keys";
    finding.fact =
        fmt::format("certificate {}, greeting {}", meta.server.ShortString(), key.ShortString());
    finding.advice = "send each connection to one relay as a whole";
    recorder_.Note(std::move(finding), family);
  }

  void RecordNoRelay() {
    if (!task_.asked.mesh) {
      recorder_.Skip(Stage::kRelay, {}, kNotAsked);
    } else if (admission_closed_) {
      recorder_.Skip(Stage::kRelay, {}, "relay not tested: admission is closed");
    } else if (stopped_) {
      recorder_.NotReached(Stage::kRelay, {}, *stopped_);
    } else {
      recorder_.Skip(Stage::kRelay, {}, "no family to connect by");
    }
  }

  // More connections, whose greetings tell whether one relay or several answer.
  void CompareGreetings(const LoggedIn& login) {
    const int made = static_cast<int>(logged_in_.size()) + 1;  // and one more for the relay stage
    for (int i = made; i < task_.asked.greetings; ++i) {
      const auto key = DialGreeting(login.address, task_.node, context_, Until(context_.caps.derp));
      if (!key) break;
      greetings_.insert(*key);
    }
    if (greetings_.size() < 2) return;
    several_keys_ = true;
    ReportSeveralKeys(greetings_, login.family, recorder_.report());
  }

  // True when packets pass.
  bool Relay(LoggedIn& login) {
    task_.At(Stage::kRelay);
    const TimePoint start = context_.clock.Now();
    const TimePoint until = Until(context_.caps.relay);
    auto receiver = DialClient(login.address, task_.node, login.client->server(),
                               KeyFor(login.verified), context_, until);
    RelayStage stage;
    if (receiver) {
      stage = RunRelay(*login.client, **receiver, login.tcp_rtt, context_, until);
    } else {
      stage.finding = MakeFinding("relay.lost");
      stage.finding->headline = "a second client cannot use the relay";
      stage.finding->fact = receiver.error().context;
      stage.finding->advice = "look at the relay's log and limits";
    }
    stage.duration = context_.clock.Now() - start;
    recorder_.report().relay_first = stage.first;
    recorder_.report().relay_rtt = stage.rtt;
    recorder_.report().relay_sent = stage.sent;
    recorder_.report().relay_received = stage.received;
    const bool failed = stage.finding && stage.finding->severity == Severity::kError;
    if (failed && several_keys_) {
      recorder_.NotReached(Stage::kRelay, {}, Stage::kDerp);
    } else if (stage.finding) {
      recorder_.Decide(Stage::kRelay, {}, stage.duration, std::move(*stage.finding));
    } else {
      recorder_.Ok(Stage::kRelay, {}, stage.duration);
    }
    return !failed;
  }

  const WalkTask& task_;
  const WalkContext& context_;
  TimePoint deadline_;
  Recorder& recorder_;
  std::vector<LoggedIn> logged_in_;
  std::set<NodePublic> greetings_;
  std::optional<Stage> stopped_;  // where the first family ended
  bool admission_closed_ = false;
  bool several_keys_ = false;
};

}  // namespace

void NotReachedFrom(Stage first, AddressFamily family, Stage after, Recorder& recorder) {
  for (const Stage stage : kFamilyStages) {
    if (stage >= first) recorder.NotReached(stage, family, after);
  }
}

void SkipFrom(Stage first, AddressFamily family, std::string_view reason, Recorder& recorder) {
  for (const Stage stage : kFamilyStages) {
    if (stage >= first) recorder.Skip(stage, family, reason);
  }
}

std::optional<MeshMember> WalkChain(const WalkTask& task, const WalkContext& context,
                                    TimePoint deadline, std::vector<FamilyWalk>& families,
                                    Recorder& recorder) {
  return ChainWalk(task, context, deadline, recorder).Run(families);
}

}  // namespace derp::diagnosis
