#include "common/base/bytes.h"

namespace derp {

std::optional<ByteView> ByteReader::Take(std::size_t count) {
  if (count > rest_.size()) return std::nullopt;
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::optional<std::uint8_t> ByteReader::U8() {
  const auto taken = Take(1);
  if (!taken) return std::nullopt;
  return (*taken)[0];
}

std::optional<std::uint16_t> ByteReader::U16Be() {
  const auto taken = Take(2);
  if (!taken) return std::nullopt;
  return LoadU16Be(taken->data());
}

std::optional<std::uint32_t> ByteReader::U32Be() {
  const auto taken = Take(4);
  if (!taken) return std::nullopt;
  return LoadU32Be(taken->data());
}

std::optional<std::uint64_t> ByteReader::U64Be() {
  const auto taken = Take(8);
  if (!taken) return std::nullopt;
  return (std::uint64_t{LoadU32Be(taken->data())} << 32) | LoadU32Be(taken->data() + 4);
}

void AppendU8(Bytes& out, std::uint8_t value) { out.push_back(value); }

void AppendU16Be(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void AppendU32Be(Bytes& out, std::uint32_t value) {
  AppendU16Be(out, static_cast<std::uint16_t>(value >> 16));
  AppendU16Be(out, static_cast<std::uint16_t>(value));
}

void AppendU64Be(Bytes& out, std::uint64_t value) {
  AppendU32Be(out, static_cast<std::uint32_t>(value >> 32));
  AppendU32Be(out, static_cast<std::uint32_t>(value));
}

void AppendBytes(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void AppendText(Bytes& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}

void StoreU16Be(std::uint8_t* out, std::uint16_t value) {
  out[0] = static_cast<std::uint8_t>(value >> 8);
  out[1] = static_cast<std::uint8_t>(value);
}

void StoreU32Be(std::uint8_t* out, std::uint32_t value) {
  StoreU16Be(out, static_cast<std::uint16_t>(value >> 16));
  StoreU16Be(out + 2, static_cast<std::uint16_t>(value));
}

std::uint16_t LoadU16Be(const std::uint8_t* in) {
  return static_cast<std::uint16_t>((in[0] << 8) | in[1]);
}

std::uint32_t LoadU32Be(const std::uint8_t* in) {
  return (std::uint32_t{LoadU16Be(in)} << 16) | LoadU16Be(in + 2);
}

ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace derp
