#include "common/net/proxy_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "common/base/text.h"

namespace derp::net {
namespace {

constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::string_view kSignature2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kMaxLine = 107;  // with its line end
constexpr std::size_t kFixedPart2 = 16;
constexpr std::size_t kAddresses4 = 12;
constexpr std::size_t kAddresses6 = 36;

bool StartsAlike(std::string_view a, std::string_view b) {
  const std::size_t count = std::min(a.size(), b.size());
  return a.substr(0, count) == b.substr(0, count);
}

// Decimal without leading zeros.
std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return port;
}

Expected<ProxyHead, ProxyHeadError> ParseLine(std::string_view line) {
  const auto malformed = Fail(ProxyHeadError::kMalformed);
  line.remove_suffix(2);
  const std::vector<std::string_view> words = Split(line, ' ');
  if (words.size() < 2) return malformed;
  if (words[1] == "UNKNOWN") return ProxyHead{};
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return malformed;
  const auto family = words[1] == "TCP4" ? AddressFamily::kIpv4 : AddressFamily::kIpv6;
  const auto source = IpAddress::Parse(words[2]);
  const auto target = IpAddress::Parse(words[3]);
  const auto source_port = ParsePort(words[4]);
  const auto target_port = ParsePort(words[5]);
  if (!source || !target || !source_port || !target_port) return malformed;
  if (source->family() != family || target->family() != family) return malformed;
  if (!source->zone().empty() || !target->zone().empty()) return malformed;
  return ProxyHead{.client = SocketAddress{source->Unmap(), *source_port}};
}

template <std::size_t N>
std::array<std::uint8_t, N> Copy(ByteView from) {
  std::array<std::uint8_t, N> bytes{};
  std::copy_n(from.begin(), N, bytes.begin());
  return bytes;
}

Expected<ProxyHead, ProxyHeadError> ParseBinary(ByteView head) {
  constexpr unsigned kLocal = 0;
  constexpr unsigned kUnspecified = 0x00;
  constexpr unsigned kTcp4 = 0x11;
  constexpr unsigned kTcp6 = 0x21;
  constexpr unsigned kUnixStream = 0x31;
  const unsigned command = head[12] & 0x0fU;
  const unsigned protocol = head[13];
  const ByteView rest = head.subspan(kFixedPart2);
  if (command == kLocal || protocol == kUnspecified || protocol == kUnixStream) return ProxyHead{};
  if (protocol == kTcp4 && rest.size() >= kAddresses4) {
    return ProxyHead{.client =
                         SocketAddress{IpAddress::V4(Copy<4>(rest)), LoadU16Be(rest.data() + 8)}};
  }
  if (protocol == kTcp6 && rest.size() >= kAddresses6) {
    return ProxyHead{.client = SocketAddress{IpAddress::V6(Copy<16>(rest)).Unmap(),
                                             LoadU16Be(rest.data() + 32)}};
  }
  return Fail(ProxyHeadError::kMalformed);
}

}  // namespace

std::string_view ProxyHeadErrorText(ProxyHeadError error) {
  switch (error) {
    case ProxyHeadError::kNotProxy:
      return "no PROXY head";
    case ProxyHeadError::kMalformed:
      return "malformed PROXY head";
    case ProxyHeadError::kTooLong:
      return "PROXY head too long";
  }
  return "";
}

Expected<std::size_t, ProxyHeadError> ProxyHeadReader::Wanted() const {
  const std::string_view text = AsText(head_);
  if (StartsAlike(text, kSignature1)) {
    if (const std::size_t end = text.find('\n'); end != std::string_view::npos) {
      if (text[end - 1] != '\r') return Fail(ProxyHeadError::kMalformed);
      return end + 1;
    }
    if (text.size() >= kMaxLine) return Fail(ProxyHeadError::kTooLong);
    return text.size() + 1;
  }
  if (!StartsAlike(text, kSignature2)) return Fail(ProxyHeadError::kNotProxy);
  if (head_.size() > 12 && (head_[12] >> 4 != 2 || (head_[12] & 0x0fU) > 1)) {
    return Fail(ProxyHeadError::kMalformed);
  }
  if (head_.size() < kFixedPart2) return head_.size() + 1;
  const std::size_t whole = kFixedPart2 + LoadU16Be(&head_[14]);
  if (whole > kMaxProxyHead) return Fail(ProxyHeadError::kTooLong);
  return whole;
}

Expected<std::optional<ProxyHead>, ProxyHeadError> ProxyHeadReader::Take(ByteView& input) {
  while (true) {
    auto wanted = Wanted();
    if (!wanted) return Fail(wanted.error());
    if (head_.size() == *wanted) break;
    if (input.empty()) return std::nullopt;
    const std::size_t count = std::min(*wanted - head_.size(), input.size());
    AppendBytes(head_, input.first(count));
    input = input.subspan(count);
  }
  auto head = head_[0] == 'P' ? ParseLine(AsText(head_)) : ParseBinary(head_);
  if (!head) return Fail(head.error());
  return std::move(*head);
}

}  // namespace derp::net
