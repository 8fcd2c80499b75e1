#include "common/diagnosis/walk_chain.h"

#include <array>
#include <set>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/dial.h"
#include "common/diagnosis/http_question.h"
#include "common/diagnosis/several_keys.h"
#include "common/diagnosis/side_walk.h"
#include "common/diagnosis/stage_admission.h"
#include "common/diagnosis/stage_cert.h"
#include "common/diagnosis/stage_relay.h"
#include "common/diagnosis/stage_session.h"
#include "common/diagnosis/trust/check_chain.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr std::array kFamilyStages = {Stage::kTcp, Stage::kTls, Stage::kCert, Stage::kHttp,
                                      Stage::kDerp};

// For an answer beside the walk.
constexpr auto kPatience = std::chrono::seconds(2);

// A family that got through to the login.
struct LoggedIn {
  AddressFamily family = AddressFamily::kIpv4;
  SocketAddress address;
  Duration tcp_rtt{};
  std::unique_ptr<BlockingClient> client;
  bool verified = false;
  KnownKey known = KnownKey::kNone;
};

class ChainWalk {
 public:
  ChainWalk(const WalkTask& task, const WalkContext& context, TimePoint deadline,
            Recorder& recorder)
      : task_(task),
        context_(context),
        deadline_(deadline),
        recorder_(recorder),
        side_(task, context_, deadline, recorder) {}

  ChainResult Run(std::vector<FamilyWalk>& families) {
    for (FamilyWalk& family : families) WalkFamily(family);
    if (logged_in_.empty()) {
      RecordNoRelay();
      Side();
      return {};
    }
    LoggedIn* fastest = &logged_in_.front();
    for (LoggedIn& each : logged_in_) {
      if (each.tcp_rtt < fastest->tcp_rtt) fastest = &each;
    }
    recorder_.report().relay_family = fastest->family;
    side_family_ = fastest->family;
    side_address_ = fastest->address;
    CompareGreetings(*fastest);
    if (context_.node_key) {
      // Several connections with one key take each other's packets.
      for (LoggedIn& each : logged_in_) {
        if (&each != fastest) each.client.reset();
      }
    }
    ChainResult result = Relay(*fastest);
    Side();
    return result;
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
    if (cert.refused && !IsExcusable(family, stream, cert)) {
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
      SkipFrom(Stage::kHttp, which, kNotAskedReason, recorder_);
      NoteSideWay(family);
      return;
    }
    Http(family, std::move(stream), cert);
  }

  // A certificate out of its dates: whose clock is wrong? When the relay's own time would make it
  // right, the walk goes on, so that there is something to judge should the prober's clock be the
  // wrong one (JudgeClock). Nothing that counts is sent to a relay that was refused.
  bool IsExcusable(const FamilyWalk& family, std::unique_ptr<net::ByteStream>& stream,
                   CertStage& cert) {
    const std::string& code = cert.decision->code;
    if (code != "cert.expired" && code != "cert.not_yet_valid") return false;
    const net::CertificateChain presented = stream->tls()->PeerCertificates();
    const bool tls13 = stream->tls()->is_tls13();
    const auto reply = AskHttp(
        *stream,
        fmt::format("GET /derp/probe HTTP/1.1\r\nHost: {}\r\n\r\n", task_.node.HostHeader()),
        context_.clock, Until(kPatience));
    if (!reply || !reply->clock_offset) return false;
    const Duration offset = *reply->clock_offset;
    recorder_.report().clock_offset = offset;
    if (std::chrono::abs(offset) <= kClockTolerance) return false;
    context_.clock_offset = offset;
    CertStage then = CheckCertificates(presented, tls13, PolicyOf(task_.node),
                                       family.tcp.address.ip, context_, Until(context_.caps.tls));
    if (!then.refused && !reply->LeavesStreamOpen()) {
      auto again = DialTls(family.tcp.address, task_.node, context_, Until(context_.caps.tls));
      stream = again ? std::move(*again) : nullptr;
    }
    if (then.refused || !stream) {
      context_.clock_offset = Duration::zero();
      return false;
    }
    cert.decision->data[std::string(kExcusable)] = true;
    cert.meta_note = std::move(then.meta_note);
    return true;
  }

  // Where the side stages find the relay when nobody logs in.
  void NoteSideWay(const FamilyWalk& family) {
    if (side_address_) return;
    side_family_ = family.plan.family;
    side_address_ = family.tcp.address;
  }

  std::optional<MeshKey> MeshKeyFor(bool verified) const {
    return verified ? task_.mesh_key : std::nullopt;
  }

  KnownKey Known(bool verified) const {
    if (MeshKeyFor(verified)) return KnownKey::kMeshKey;
    return context_.node_key ? KnownKey::kKeyFile : KnownKey::kNone;
  }

  void Http(FamilyWalk& family, std::unique_ptr<net::ByteStream> stream, const CertStage& cert) {
    const AddressFamily which = family.plan.family;
    LoggedIn login;
    login.family = which;
    login.address = family.tcp.address;
    login.tcp_rtt = family.tcp.duration;
    login.verified = cert.verified;
    login.known = Known(cert.verified);
    login.client = MakeClient(std::move(stream), task_.node,
                              {context_.node_key, MeshKeyFor(cert.verified)}, context_);
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
    NoteSideWay(family);
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
      Finding finding = LoginFinding(info.error(), login.known, took);
      if (finding.code == "admission.closed") {
        admission_closed_ = true;
        closed_after_ = took;
        recorder_.Decide(Stage::kDerp, login.family, took, std::move(finding));
      } else {
        End(Stage::kDerp, login.family, took, std::move(finding));
      }
      return;
    }
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
      recorder_.Skip(Stage::kRelay, {}, kNotAskedReason);
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
      const auto key = DialGreeting(login.address, task_.node, context_, Until(context_.caps.derp),
                                    login.client->stream().tls());
      if (!key) break;
      greetings_.insert(*key);
    }
    JudgeGreetings(login.family);
  }

  void JudgeGreetings(std::optional<AddressFamily> family) {
    if (greetings_.size() < 2 || several_keys_) return;
    several_keys_ = true;
    ReportSeveralKeys(greetings_, family, recorder_.report());
  }

  // A second client, on a connection that answers latency first. With -key-file it is tried with a
  // fresh key, and null where only the known key is admitted: that sends to itself.
  Expected<std::unique_ptr<BlockingClient>, Error> Receiver(const LoggedIn& login) {
    const net::TlsSession* accepted = login.client->stream().tls();
    auto stream = DialTls(login.address, task_.node, context_, Until(context_.caps.tls), accepted);
    if (!stream) return Fail(stream.error());
    auto open = side_.Latency(std::move(*stream));
    if (!open) {
      stream = DialTls(login.address, task_.node, context_, Until(context_.caps.tls), accepted);
      if (!stream) return Fail(stream.error());
      open = std::move(*stream);
    }
    auto client =
        LogInOver(std::move(open), task_.node, login.client->server(),
                  {std::nullopt, MeshKeyFor(login.verified)}, context_, Until(context_.caps.relay));
    if (client) return std::move(*client);
    const ClientFailure& failure = client.error();
    const bool closed =
        failure.fault == ClientFault::kTransport && failure.error.code != ErrorCode::kTimeout;
    if (closed && login.known == KnownKey::kKeyFile) return nullptr;
    return Fail(failure.error);
  }

  ChainResult Relay(LoggedIn& login) {
    task_.At(Stage::kRelay);
    auto receiver = Receiver(login);
    const bool alone = receiver && !*receiver;  // one key
    const TimePoint start = context_.clock.Now();
    RelayStage stage;
    if (receiver) {
      BlockingClient& to = alone ? *login.client : **receiver;
      stage = RunRelay(*login.client, to, login.tcp_rtt, context_, Until(context_.caps.relay));
    } else {
      stage.finding = MakeFinding("relay.lost");
      stage.finding->headline = "a second client cannot use the relay";
      stage.finding->fact = receiver.error().context;
      stage.finding->advice = "look at the relay's log and limits";
    }
    stage.duration = context_.clock.Now() - start;
    RecordRelay(stage);
    if (relay_failed_) return {};
    ChainResult result;
    if (alone) {
      recorder_.Skip(Stage::kMesh, {}, "relay admits one key of ours only");
      result.idle = {std::move(login.client), context_.clock.Now()};
      return result;
    }
    // A key of -key-file is on every node of the region, and packets for it stay where they are.
    std::unique_ptr<BlockingClient>& unique = context_.node_key ? *receiver : login.client;
    std::unique_ptr<BlockingClient>& other = context_.node_key ? login.client : *receiver;
    result.member = MeshMember{task_.node.name, std::move(unique), start};
    result.idle = {std::move(other), context_.clock.Now()};
    return result;
  }

  void RecordRelay(RelayStage& stage) {
    NodeReport& report = recorder_.report();
    report.relay_first = stage.first;
    report.relay_rtt = stage.rtt;
    report.relay_sent = stage.sent;
    report.relay_received = stage.received;
    relay_failed_ = stage.finding && stage.finding->severity == Severity::kError;
    if (relay_failed_ && several_keys_) {
      recorder_.NotReached(Stage::kRelay, {}, Stage::kDerp);
    } else if (stage.finding) {
      recorder_.Decide(Stage::kRelay, {}, stage.duration, std::move(*stage.finding));
    } else {
      recorder_.Ok(Stage::kRelay, {}, stage.duration);
    }
  }

  // The side stages that have not run yet.
  void Side() {
    if (!side_address_) {
      if (stopped_) {
        SideNotReached(task_.asked, *stopped_, recorder_);
      } else {
        SkipSide(task_.asked, "no family to connect by", recorder_);
      }
      return;
    }
    side_.LatencyAlone(*side_address_);
    if (const auto key = side_.Ws(*side_address_)) {
      greetings_.insert(*key);
      JudgeGreetings(side_family_);
    }
    if (task_.asked.admission) Admission();
  }

  // What the walk itself showed of strangers, else a look of its own.
  void Admission() {
    const NodeReport& report = recorder_.report();
    if (admission_closed_) {
      recorder_.Ok(Stage::kAdmission, {}, closed_after_);
    } else if (logged_in_.empty() || relay_failed_) {
      const Stage after = relay_failed_ ? Stage::kRelay : stopped_.value_or(Stage::kDerp);
      recorder_.NotReached(Stage::kAdmission, {}, after);
    } else if (logged_in_.front().known != KnownKey::kNone) {
      side_.Admission(*side_address_);
    } else {
      recorder_.Decide(Stage::kAdmission, {}, report.relay_first.value_or(Duration::zero()),
                       AdmissionOpen(report.relay_first));
    }
  }

  const WalkTask& task_;
  WalkContext context_;  // the walk's own: its wall clock may be set right
  TimePoint deadline_;
  Recorder& recorder_;
  std::vector<LoggedIn> logged_in_;
  std::set<NodePublic> greetings_;
  std::optional<Stage> stopped_;  // where the first family ended
  bool admission_closed_ = false;
  bool several_keys_ = false;
  bool relay_failed_ = false;
  Duration closed_after_{};                    // the refusal of a throw-away key
  std::optional<SocketAddress> side_address_;  // where latency and ws are asked
  std::optional<AddressFamily> side_family_;
  SideWalk side_;
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

ChainResult WalkChain(const WalkTask& task, const WalkContext& context, TimePoint deadline,
                      std::vector<FamilyWalk>& families, Recorder& recorder) {
  return ChainWalk(task, context, deadline, recorder).Run(families);
}

}  // namespace derp::diagnosis
