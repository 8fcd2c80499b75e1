// What a bandwidth measurement sends: random bytes cut into packets of the protocol's largest size
// (derpprobe.md 5.5). Content is incompressible, and each packet differs from its neighbours, so
// that a lost, doubled or reordered packet is seen. Values; any thread.
#pragma once

#include <array>
#include <memory>

#include "common/base/bytes.h"
#include "common/base/defaults.h"
#include "common/crypto/random.h"

namespace derp::diagnosis {

class Payload {
 public:
  // `size` bytes in packets of at most `packet_size`; both positive.
  Payload(std::shared_ptr<const Bytes> block, std::int64_t size, std::size_t packet_size);

  std::size_t count() const { return count_; }
  std::int64_t size() const { return size_; }
  std::size_t SizeOf(std::size_t index) const;
  // Packet `index`, written over `packet`.
  void Fill(std::size_t index, Bytes& packet) const;
  bool Matches(std::size_t index, ByteView packet) const;

 private:
  ByteView Stamp(std::size_t index, std::array<std::uint8_t, 8>& stamp) const;

  std::shared_ptr<const Bytes> block_;
  std::int64_t size_;
  std::size_t packet_size_;
  std::size_t count_;
};

// Fresh bytes for what fits into one packet; larger payloads share one block for the life of the
// source.
class PayloadSource {
 public:
  explicit PayloadSource(RandomSource& random) : random_(random) {}

  Payload Make(std::int64_t size, std::size_t packet_size = kMaxPacketSize);

 private:
  RandomSource& random_;
  std::shared_ptr<const Bytes> block_;
};

}  // namespace derp::diagnosis
