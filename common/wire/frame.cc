#include "common/wire/frame.h"

namespace derp::wire {

std::optional<FrameHeader> PeekHeader(ByteView input) {
  if (input.size() < kFrameHeaderSize) return std::nullopt;
  return FrameHeader{.type = static_cast<FrameType>(input[0]),
                     .length = LoadU32Be(input.data() + 1)};
}

Expected<std::optional<Frame>, FrameError> TakeFrame(ByteView& input, std::size_t max_payload) {
  const auto header = PeekHeader(input);
  if (!header) return std::nullopt;
  if (header->length > max_payload) return Fail(FrameError::kPayloadTooLong);
  ByteReader reader(input.subspan(kFrameHeaderSize));
  const auto payload = reader.Take(header->length);
  if (!payload) return std::nullopt;
  input = reader.rest();
  return Frame{.type = header->type, .payload = *payload};
}

void AppendHeader(Bytes& out, FrameType type, std::uint32_t length) {
  AppendU8(out, static_cast<std::uint8_t>(type));
  AppendU32Be(out, length);
}

void AppendFrame(Bytes& out, FrameType type, ByteView payload) {
  AppendHeader(out, type, static_cast<std::uint32_t>(payload.size()));
  AppendBytes(out, payload);
}

void StoreHeader(std::uint8_t* out, FrameType type, std::uint32_t length) {
  out[0] = static_cast<std::uint8_t>(type);
  StoreU32Be(out + 1, length);
}

}  // namespace derp::wire
