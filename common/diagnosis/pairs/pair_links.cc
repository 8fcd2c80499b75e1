#include "common/diagnosis/pairs/pair_links.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/text.h"

namespace derp::diagnosis {

namespace {

// How long a relay has to learn of a client that its mesh peer admitted (as the reference waits).
constexpr auto kSettle = std::chrono::milliseconds(100);

// The known key is used where no mesh key opens the door.
bool UsesNodeKey(const PairTask& task, const WalkContext& context) {
  return context.node_key.has_value() && !task.mesh_key;
}

}  // namespace

std::string KeyObstacle(const PairTask& task, const WalkContext& context) {
  if (!UsesNodeKey(task, context) || task.single()) return {};
  return "two keys that both relays admit are needed: give the mesh key beside -key-file";
}

PairLinks::PairLinks(LinkHost& host, const PairTask& task, Events events)
    : host_(host), task_(task), events_(std::move(events)), settle_timer_(host.loop, [this] {
        if (dead_) return;
        ready_ = true;
        events_.ready();
      }) {
  const WalkContext& context = host.context;
  const bool one_client = UsesNodeKey(task, context) && task.single();
  const auto key = [&] {
    return one_client ? *context.node_key : NodePrivate::Generate(context.random);
  };
  from_ = std::make_unique<RelayLink>(
      host, task.from, key(), task.mesh_key,
      RelayLink::Events{
          .up = [this] { FromUp(); },
          .received =
              [this](const wire::RecvPacket& packet) {
                if (to_ == from_.get()) Received(packet);
              },
          .broken = [this](Error error) { Failed(*from_, "sending via", std::move(error)); }});
  to_ = from_.get();
  if (one_client) return;
  second_ = std::make_unique<RelayLink>(
      host, task.to, key(), task.mesh_key,
      RelayLink::Events{
          .up = [this] { BothUp(); },
          .received = [this](const wire::RecvPacket& packet) { Received(packet); },
          .broken = [this](Error error) { Failed(*second_, "receiving from", std::move(error)); }});
  to_ = second_.get();
}

void PairLinks::Start(Duration limit) {
  deadline_ = host_.context.clock.Now() + limit;
  from_->Start(std::min<Duration>(limit, kConnectTimeout));
}

void PairLinks::FromUp() {
  if (!second_) return BothUp();
  const Duration left = Remaining(host_.context.clock.Now(), deadline_);
  second_->Start(std::min<Duration>(left, kConnectTimeout));
}

void PairLinks::BothUp() {
  settle_timer_.Start(task_.single() ? Duration::zero() : Duration(kSettle));
}

Error PairLinks::Named(Error error) const {
  return Within(fmt::format("{} -> {}", from_->key().ShortString(), to_->key().ShortString()),
                std::move(error));
}

void PairLinks::Received(const wire::RecvPacket& packet) {
  if (dead_ || !ready_) return;
  if (packet.source == from_->key()) return events_.received(packet.packet);
  Failed(*to_, "receiving from",
         {.code = ErrorCode::kProtocol,
          .context =
              fmt::format("got a packet from unexpected source {}", packet.source.ShortString())});
}

void PairLinks::Failed(const RelayLink& link, std::string_view doing, Error error) {
  if (std::exchange(dead_, true)) return;
  settle_timer_.Stop();
  const std::string node = PrintablePeerText(link.node().name);
  if (!ready_) {
    events_.failed(Within(fmt::format("connecting to \"{}\"", node), std::move(error)));
  } else {
    events_.failed(Named(Within(fmt::format("error {} \"{}\"", doing, node), std::move(error))));
  }
}

}  // namespace derp::diagnosis
