#include "common/http/url.h"

#include <cstdint>

#include "common/base/text.h"

namespace derp::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

}  // namespace

std::optional<Target> ParseTarget(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?#"), target.size()));
    break;
  }
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  Target parts;
  parts.raw_path = target.substr(0, mark);
  if (mark != std::string_view::npos) parts.query = target.substr(mark + 1);
  if (parts.raw_path.empty()) parts.raw_path = "/";
  auto path = PercentDecode(parts.raw_path, /*plus_is_blank=*/false);
  if (!path) return std::nullopt;
  parts.path = std::move(*path);
  return parts;
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

std::vector<std::string> QueryValues(std::string_view query, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string_view part : Split(query, '&')) {
    if (part.empty() || part.find(';') != std::string_view::npos) continue;
    const std::size_t equals = part.find('=');
    const auto key = PercentDecode(part.substr(0, equals), /*plus_is_blank=*/true);
    const std::string_view raw =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    auto value = PercentDecode(raw, /*plus_is_blank=*/true);
    if (key && value && *key == name) values.push_back(std::move(*value));
  }
  return values;
}

std::string QueryValue(std::string_view query, std::string_view name) {
  auto values = QueryValues(query, name);
  return values.empty() ? std::string() : std::move(values.front());
}

std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string clean;
  for (const std::string_view part : kept) {
    clean += '/';
    clean += part;
  }
  if (clean.empty() || path.ends_with('/')) clean += '/';
  return clean;
}

}  // namespace derp::http
