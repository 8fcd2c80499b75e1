#include "common/diagnosis/pairs/payload.h"

#include <algorithm>

namespace derp::diagnosis {

namespace {

std::shared_ptr<const Bytes> RandomBlock(RandomSource& random, std::size_t size) {
  auto block = std::make_shared<Bytes>(size);
  random.Fill(*block);
  return block;
}

}  // namespace

Payload::Payload(std::shared_ptr<const Bytes> block, std::int64_t size, std::size_t packet_size)
    : block_(std::move(block)),
      size_(size),
      packet_size_(packet_size),
      count_((static_cast<std::size_t>(size) + packet_size - 1) / packet_size) {}

std::size_t Payload::SizeOf(std::size_t index) const {
  const std::size_t before = index * packet_size_;
  return std::min(packet_size_, static_cast<std::size_t>(size_) - before);
}

// The first bytes of a packet tell its place; a payload of one packet has none.
ByteView Payload::Stamp(std::size_t index, std::array<std::uint8_t, 8>& stamp) const {
  if (count_ == 1) return {};
  std::uint64_t number = index;
  for (std::size_t i = stamp.size(); i-- > 0; number >>= 8U) {
    stamp[i] = static_cast<std::uint8_t>(number & 0xffU);
  }
  return ByteView(stamp).first(std::min(stamp.size(), SizeOf(index)));
}

void Payload::Fill(std::size_t index, Bytes& packet) const {
  const ByteView content = ByteView(*block_).first(SizeOf(index));
  packet.assign(content.begin(), content.end());
  std::array<std::uint8_t, 8> bytes{};
  const ByteView stamp = Stamp(index, bytes);
  std::copy(stamp.begin(), stamp.end(), packet.begin());
}

bool Payload::Matches(std::size_t index, ByteView packet) const {
  if (index >= count_ || packet.size() != SizeOf(index)) return false;
  std::array<std::uint8_t, 8> bytes{};
  const ByteView stamp = Stamp(index, bytes);
  return std::equal(stamp.begin(), stamp.end(), packet.begin()) &&
         std::equal(packet.begin() + static_cast<std::ptrdiff_t>(stamp.size()), packet.end(),
                    block_->begin() + static_cast<std::ptrdiff_t>(stamp.size()));
}

Payload PayloadSource::Make(std::int64_t size, std::size_t packet_size) {
  if (static_cast<std::size_t>(size) <= packet_size) {
    return {RandomBlock(random_, static_cast<std::size_t>(size)), size, packet_size};
  }
  if (!block_) block_ = RandomBlock(random_, kMaxPacketSize);
  return {block_, size, packet_size};
}

}  // namespace derp::diagnosis
