#include "common/diagnosis/packet_ledger.h"

#include <algorithm>

namespace derp::diagnosis {

PacketLedger::PacketLedger(RandomSource& random) : random_(random) { random_.Fill(tag_); }

const Bytes& PacketLedger::Make(std::size_t direction, bool counted, TimePoint now) {
  const auto number = static_cast<std::uint32_t>(sent_.size());
  Sent& sent = sent_[number];
  sent.direction = direction;
  sent.counted = counted;
  sent.at = now;
  sent.bytes.reserve(tag_.size() + sizeof number + kFillerSize);
  AppendBytes(sent.bytes, tag_);
  AppendU32Be(sent.bytes, number);
  AppendBytes(sent.bytes, Filler());
  return sent.bytes;
}

ByteView PacketLedger::Filler() {
  if (used_ == drawn_.size()) {
    random_.Fill(drawn_);
    used_ = 0;
  }
  used_ += kFillerSize;
  return ByteView(drawn_).subspan(used_ - kFillerSize, kFillerSize);
}

PacketLedger::Result PacketLedger::Receive(ByteView packet) {
  ByteReader reader(packet);
  const auto tag = reader.Take(tag_.size());
  const auto number = reader.U32Be();
  if (!tag || !number) return {.arrival = Arrival::kCorrupt};
  const auto found = sent_.find(*number);
  const bool right_tag = std::equal(tag->begin(), tag->end(), tag_.begin(), tag_.end());
  if (!right_tag || found == sent_.end()) return {.arrival = Arrival::kCorrupt};
  Sent& sent = found->second;
  if (!std::equal(packet.begin(), packet.end(), sent.bytes.begin(), sent.bytes.end())) {
    return {.arrival = Arrival::kCorrupt};
  }
  if (sent.arrived) return {.arrival = Arrival::kDuplicate, .sent = &sent};
  sent.arrived = true;
  return {.arrival = Arrival::kOurs, .sent = &sent};
}

}  // namespace derp::diagnosis
