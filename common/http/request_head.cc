#include "common/http/request_head.h"

#include <algorithm>

namespace derp::http {
namespace {

// The start of a head whose end is not there yet: a method so far, or a method and more.
bool MayBecomeRequest(std::string_view text) {
  const std::string_view method = text.substr(0, text.find(' '));
  return method.empty() ? text.empty() : IsToken(method);
}

// RFC 9112 3.2: origin-form, absolute-form, authority-form (CONNECT), asterisk-form (OPTIONS).
bool IsTarget(std::string_view method, std::string_view target) {
  const bool clean = std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
  if (!clean || target.empty()) return false;
  if (method == "CONNECT") return true;
  return target.front() == '/' || target == "*" || target.starts_with("http://") ||
         target.starts_with("https://");
}

// The characters a host, an address or a port may have (as Go's ValidHostHeader).
bool IsHost(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    constexpr std::string_view kMarks = "!$%&()*+,-.:;=@[]_'~";
    return kMarks.find(c) != std::string_view::npos;
  });
}

// "HTTP/1.1" to 1; other major versions and longer numbers fail.
Expected<unsigned, HeadError> ParseVersion(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(text[5]) || text[6] != '.' ||
      !digit(text[7])) {
    return Fail(HeadError::kMalformed);
  }
  if (text[5] != '1') return Fail(HeadError::kUnsupportedVersion);
  return static_cast<unsigned>(text[7] - '0');
}

Expected<RequestHead, HeadError> ParseRequestLine(std::string_view line) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return Fail(HeadError::kMalformed);
  const std::size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return Fail(HeadError::kMalformed);
  RequestHead head;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, second - first - 1);
  if (!IsToken(head.method)) return Fail(HeadError::kMalformed);
  const auto version = ParseVersion(line.substr(second + 1));
  if (!version) return Fail(version.error());
  head.minor_version = *version;
  if (!IsTarget(head.method, head.target)) return Fail(HeadError::kMalformed);
  return head;
}

std::optional<HeadError> CheckHost(const RequestHead& head) {
  const auto hosts = head.headers.All("Host");
  if (hosts.empty()) {
    if (head.minor_version == 0 || head.method == "CONNECT") return std::nullopt;
    return HeadError::kMissingHost;
  }
  if (hosts.size() > 1 || !IsHost(hosts.front())) return HeadError::kBadHost;
  return std::nullopt;
}

}  // namespace

bool RequestHead::WantsKeepAlive() const {
  if (headers.HasToken("Connection", "close")) return false;
  return minor_version >= 1 || headers.HasToken("Connection", "keep-alive");
}

Expected<std::optional<RequestHead>, HeadError> TakeRequestHead(ByteView& input,
                                                                std::size_t max_size) {
  std::string_view text = AsText(input);
  // RFC 9112 2.2: an empty line before the request line is ignored; one, not a stream of them.
  std::size_t skipped = 0;
  if (text.starts_with("\r\n")) skipped = 2;
  text.remove_prefix(skipped);
  if (text == "\r" || text.empty()) return std::nullopt;

  const std::optional<std::size_t> size = FindHeadEnd(text.substr(0, max_size));
  if (!size) {
    if (!MayBecomeRequest(text.substr(0, max_size))) return Fail(HeadError::kMalformed);
    if (text.size() >= max_size) return Fail(HeadError::kTooLarge);
    return std::nullopt;
  }
  std::string_view rest = text.substr(0, *size);
  auto head = ParseRequestLine(TakeLine(rest));
  if (!head) return Fail(head.error());
  auto headers = ParseFields(rest);
  if (!headers) return Fail(headers.error());
  head->headers = std::move(*headers);
  if (const auto error = CheckHost(*head)) return Fail(*error);
  input = input.subspan(skipped + *size);
  return std::move(*head);
}

int HeadErrorStatus(HeadError error) {
  switch (error) {
    case HeadError::kMalformed:
    case HeadError::kMissingHost:
    case HeadError::kBadHost:
      return 400;
    case HeadError::kTooLarge:
      return 431;
    case HeadError::kUnsupportedVersion:
      return 505;
  }
  return 400;
}

}  // namespace derp::http
