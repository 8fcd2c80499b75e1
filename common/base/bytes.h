// Byte buffers, borrowed views of them, and checked big-endian reading and appending.
// Nothing here knows a protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace derp {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;  // Borrowed; valid as long as its owner.
using ByteSpan = std::span<std::uint8_t>;        // Borrowed and writable.

// Reads from the front of a view. Every step either succeeds or leaves the reader where it was.
class ByteReader {
 public:
  explicit ByteReader(ByteView input) : rest_(input) {}

  std::optional<std::uint8_t> U8();
  std::optional<std::uint16_t> U16Be();
  std::optional<std::uint32_t> U32Be();
  std::optional<std::uint64_t> U64Be();
  std::optional<ByteView> Take(std::size_t count);

  ByteView rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

void AppendU8(Bytes& out, std::uint8_t value);
void AppendU16Be(Bytes& out, std::uint16_t value);
void AppendU32Be(Bytes& out, std::uint32_t value);
void AppendU64Be(Bytes& out, std::uint64_t value);
void AppendBytes(Bytes& out, ByteView bytes);
void AppendText(Bytes& out, std::string_view text);

// Writes into memory the caller has checked to be large enough.
void StoreU16Be(std::uint8_t* out, std::uint16_t value);
void StoreU32Be(std::uint8_t* out, std::uint32_t value);
std::uint16_t LoadU16Be(const std::uint8_t* in);
std::uint32_t LoadU32Be(const std::uint8_t* in);

// The same bytes seen as text or as bytes; both borrow.
ByteView AsBytes(std::string_view text);
std::string_view AsText(ByteView bytes);

}  // namespace derp
