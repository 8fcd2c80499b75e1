#include "common/diagnosis/stage_admission.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/dial.h"
#include "common/diagnosis/stage_relay.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

using Stranger = std::unique_ptr<BlockingClient>;

class AdmissionRun {
 public:
  AdmissionRun(const SocketAddress& address, const derpmap::Node& node, const WalkContext& context,
               TimePoint deadline)
      : address_(address), node_(node), context_(context), deadline_(deadline) {}

  AdmissionStage Run() {
    const TimePoint start = context_.clock.Now();
    const Stranger sender = LogIn();
    const Stranger receiver = sender ? LogIn() : nullptr;
    if (receiver) {
      const RelayStage relay = RunRelay(*sender, *receiver, std::nullopt, context_, deadline_);
      if (relay.first) stage_.finding = AdmissionOpen(relay.first);
    }
    stage_.duration = context_.clock.Now() - start;
    return std::move(stage_);
  }

 private:
  // Null when it is not admitted, or when that cannot be told.
  Stranger LogIn() {
    auto stream = DialTls(address_, node_, context_, deadline_);
    if (!stream) return Untold(stream.error());
    auto client = MakeClient(std::move(*stream), node_, {}, context_);
    if (const auto upgraded = client->Upgrade(deadline_); !upgraded) {
      return Untold(upgraded.error().error);
    }
    if (const auto key = client->ReadGreeting(deadline_); !key) return Untold(key.error().error);
    const auto info = client->Login(deadline_);
    if (info) return client;
    const ClientFailure& failure = info.error();
    const bool closed =
        failure.fault == ClientFault::kTransport && failure.error.code != ErrorCode::kTimeout;
    return closed ? nullptr : Untold(failure.error);
  }

  Stranger Untold(const Error& error) {
    stage_.untold = "cannot be told: " + PrintablePeerText(error.context);
    return nullptr;
  }

  const SocketAddress& address_;
  const derpmap::Node& node_;
  const WalkContext& context_;
  TimePoint deadline_;
  AdmissionStage stage_;
};

}  // namespace

AdmissionStage RunAdmission(const SocketAddress& address, const derpmap::Node& node,
                            const WalkContext& context, TimePoint deadline) {
  return AdmissionRun(address, node, context, deadline).Run();
}

Finding AdmissionOpen(std::optional<Duration> first) {
  return MakeFinding("admission.open", "anyone may use this relay",
                     fmt::format("a packet passed between two fresh keys{}",
                                 first ? " in " + Milliseconds(*first) : std::string()),
                     "run derper with -verify-clients or -verify-client-url");
}

}  // namespace derp::diagnosis
