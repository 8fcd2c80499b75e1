#include "common/http/head_syntax.h"

#include <algorithm>

#include "common/base/text.h"

namespace derp::http {
namespace {

bool IsTokenChar(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return kMarks.find(c) != std::string_view::npos;
}

}  // namespace

std::string_view HeadErrorText(HeadError error) {
  switch (error) {
    case HeadError::kMalformed:
      return "malformed head";
    case HeadError::kMissingHost:
      return "missing required Host header";
    case HeadError::kBadHost:
      return "malformed Host header";
    case HeadError::kTooLarge:
      return "head too large";
    case HeadError::kUnsupportedVersion:
      return "unsupported protocol version";
  }
  return "unknown";
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::optional<std::size_t> FindHeadEnd(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('\n')) return at + 2;
    if (rest.starts_with("\r\n")) return at + 3;
  }
  return std::nullopt;
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Expected<Headers, HeadError> ParseFields(std::string_view text) {
  Headers headers;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) break;
    if (headers.size() == kMaxHeaderFields) return Fail(HeadError::kTooLarge);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Fail(HeadError::kMalformed);
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (!IsToken(name) || !IsFieldValue(value)) return Fail(HeadError::kMalformed);
    headers.Add(name, TrimSpace(value));
  }
  return headers;
}

}  // namespace derp::http
