#include "common/http/response_head.h"

#include <algorithm>

namespace derp::http {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "HTTP/1.1 101 Switching Protocols"; the reason and its blank may be missing, as Go accepts.
Expected<ResponseHead, HeadError> ParseStatusLine(std::string_view line) {
  constexpr std::size_t kStatusAt = kProtocol.size() + 2;
  if (line.size() < kStatusAt + 3 || !IsDigit(line[kProtocol.size()]) ||
      line[kProtocol.size() + 1] != ' ') {
    return Fail(HeadError::kMalformed);
  }
  ResponseHead head;
  head.minor_version = static_cast<unsigned>(line[kProtocol.size()] - '0');
  const std::string_view status = line.substr(kStatusAt, 3);
  if (!std::all_of(status.begin(), status.end(), IsDigit) || status[0] == '0') {
    return Fail(HeadError::kMalformed);
  }
  for (const char c : status) head.status = head.status * 10 + (c - '0');
  const std::string_view rest = line.substr(kStatusAt + 3);
  if (!rest.empty() && rest.front() != ' ') return Fail(HeadError::kMalformed);
  if (!IsFieldValue(rest)) return Fail(HeadError::kMalformed);
  if (!rest.empty()) head.reason = rest.substr(1);
  return head;
}

}  // namespace

Expected<std::optional<ResponseHead>, HeadError> TakeResponseHead(ByteView& input,
                                                                  std::size_t max_size) {
  const std::string_view text = AsText(input);
  const std::size_t seen = std::min(text.size(), kProtocol.size());
  if (text.substr(0, seen) != kProtocol.substr(0, seen)) {
    // "HTTP/2 …" names a version; anything else is another protocol.
    const bool versioned = text.size() > 5 && text.starts_with("HTTP/") && IsDigit(text[5]);
    return Fail(versioned ? HeadError::kUnsupportedVersion : HeadError::kMalformed);
  }
  const std::optional<std::size_t> size = FindHeadEnd(text.substr(0, max_size));
  if (!size) {
    if (text.size() >= max_size) return Fail(HeadError::kTooLarge);
    return std::nullopt;
  }
  std::string_view rest = text.substr(0, *size);
  auto head = ParseStatusLine(TakeLine(rest));
  if (!head) return Fail(head.error());
  auto headers = ParseFields(rest);
  if (!headers) return Fail(headers.error());
  head->headers = std::move(*headers);
  input = input.subspan(*size);
  return std::move(*head);
}

}  // namespace derp::http
