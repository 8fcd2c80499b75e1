// What a session counts for the traffic figures: its own, and the flows that end or start here.
#include <algorithm>
#include <cstring>

#include "common/wire/messages.h"
#include "derper/relay/connection/session.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

NodePublic SourceOf(ByteView frame) {
  return NodePublic::FromBytes(frame.subspan(wire::kFrameHeaderSize, kKeySize));
}

std::uint64_t Nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
}

}  // namespace

void Session::FillTraffic(ClientFigures& figures) const {
  figures.key = key_.key;
  figures.address = facts_.peer;
  figures.since = home_.connected();
  figures.home = home_.is_home();
  figures.mesh = facts_.login.is_mesh;
  figures.prober = facts_.login.is_prober;
  figures.counts = traffic_.counts;
  figures.distinct_senders = traffic_.distinct_senders();
  for (const Lane& lane : lanes_) figures.queued_packets += lane.packets();
}

// A flow is counted where it ends. Asking the table is rare, so it is then that the sender is
// added to the estimate, which takes no harm from repeats.
Flow* Session::FlowOf(const Lane::Entry& entry, ByteView frame) {
  ClientTraffic::Senders& senders = traffic_.senders();
  return senders.flows.Find(entry.source_hash, Lane::PayloadSize(entry),
                            [&](std::uint64_t offered) {
                              senders.estimate.Add(entry.source_hash);
                              const HashedKey source{SourceOf(frame), entry.source_hash};
                              return worker_.flows().Admit(source, key_, offered, worker_.Now());
                            });
}

void Session::CountDelivery(const Lane::Entry& entry, ByteView frame, Duration waited) {
  const std::size_t size = Lane::PayloadSize(entry);
  const std::uint64_t waited_ns = Nanoseconds(waited);
  ClientCounts& counts = traffic_.counts;
  counts.queue_ns += waited_ns;
  counts.queue_ns_most = std::max(counts.queue_ns_most, waited_ns);
  if (Flow* flow = FlowOf(entry, frame)) {
    flow->counts.Deliver(size, waited_ns);
    flow->Touch(size, worker_.Now());
  } else {
    worker_.flows().untracked().counts.Deliver(size, waited_ns);
  }
}

void Session::CountLoss(DropReason reason, const Lane::Entry& entry, ByteView frame) {
  traffic_.counts.Drop(reason);
  Flow* flow = FlowOf(entry, frame);
  if (flow != nullptr) flow->Touch(Lane::PayloadSize(entry), worker_.Now());
  (flow != nullptr ? flow->counts : worker_.flows().untracked().counts).Drop(reason);
  LogDrop(reason, SourceOf(frame), key_.key);
}

// They were counted as delivered when they were taken from their lane.
void Session::CountFailedOutput(ByteView frames) {
  while (const auto frame = wire::TakeFrame(frames, frames.size())) {
    if (!*frame) return;
    if ((*frame)->type != wire::FrameType::kRecvPacket) continue;
    const auto source =
        worker_.registry().Hash(NodePublic::FromBytes((*frame)->payload.first(kKeySize)));
    Flow* flow = worker_.flows().Peek(source, key_);
    FlowCounts& counts = flow != nullptr ? flow->counts : worker_.flows().untracked().counts;
    if (counts.packets > 0) --counts.packets;
    counts.bytes -= std::min<std::uint64_t>(counts.bytes, (*frame)->payload.size() - kKeySize);
    counts.Drop(DropReason::kWriteError);
    traffic_.counts.Drop(DropReason::kWriteError);
  }
}

void Session::CountForward(const NodePublic& destination, std::size_t size) {
  std::uint64_t tag = 0;
  std::memcpy(&tag, destination.raw().data(), sizeof tag);
  Flow* flow = traffic_.forwarded().Find(tag, size, [&](std::uint64_t offered) {
    const HashedKey hashed = worker_.registry().Hash(destination);
    const FlowRef ref = worker_.flows().Admit(key_, hashed, offered, worker_.Now());
    if (Flow* row = ref.Get()) row->to_mesh = true;
    return ref;
  });
  if (flow != nullptr && flow->destination.key == destination) {
    flow->counts.Deliver(size, 0);
    flow->Touch(size, worker_.Now());
  } else {
    worker_.flows().untracked().counts.Deliver(size, 0);
  }
}

// A destination that is not known gets no row: a peer could make up as many as it likes.
void Session::NoteLoss(DropReason reason, const HashedKey& source, const NodePublic& destination,
                       std::size_t size) {
  traffic_.counts.Drop(reason);
  FlowTable& flows = worker_.flows();
  const HashedKey hashed = worker_.registry().Hash(destination);
  const bool known =
      reason != DropReason::kUnknownDest && reason != DropReason::kUnknownDestOnForward;
  Flow* flow =
      known ? flows.Admit(source, hashed, size, worker_.Now()).Get() : flows.Peek(source, hashed);
  if (flow != nullptr) flow->Touch(size, worker_.Now());
  (flow != nullptr ? flow->counts : flows.untracked().counts).Drop(reason);
  LogDrop(reason, source.key, destination);
}

}  // namespace derp::relay
