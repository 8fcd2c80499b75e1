#include "common/base/base64.h"

#include <string_view>

namespace derp {
namespace {

std::string Encode(ByteView bytes, std::string_view alphabet, bool pad) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = std::uint32_t{bytes[i]} << 16;
    if (left > 1) group |= std::uint32_t{bytes[i + 1]} << 8;
    if (left > 2) group |= bytes[i + 2];
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63];
    if (left > 1) text += alphabet[group >> 6 & 63];
    if (left > 2) text += alphabet[group & 63];
    if (pad && left < 3) text.append(3 - left, '=');
  }
  return text;
}

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string EncodeBase64(ByteView bytes) { return Encode(bytes, kStandard, true); }

std::string EncodeBase64Url(ByteView bytes) { return Encode(bytes, kUrl, false); }

}  // namespace derp
