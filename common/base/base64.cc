#include "common/base/base64.h"

#include <string_view>

namespace derp {

std::string EncodeBase64(ByteView bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = std::uint32_t{bytes[i]} << 16;
    if (left > 1) group |= std::uint32_t{bytes[i + 1]} << 8;
    if (left > 2) group |= bytes[i + 2];
    text += kAlphabet[group >> 18];
    text += kAlphabet[group >> 12 & 63];
    if (left > 1) text += kAlphabet[group >> 6 & 63];
    if (left > 2) text += kAlphabet[group & 63];
    if (left < 3) text.append(3 - left, '=');
  }
  return text;
}

}  // namespace derp
