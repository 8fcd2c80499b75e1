#include "common/derpmap/source.h"

#include <fmt/format.h>

#include "common/base/hex.h"
#include "common/base/text.h"

namespace derp::derpmap {
namespace {

constexpr std::string_view kFileScheme = "file://";

Error Bad(std::string_view text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("map source {}: {}", GoQuote(PrintablePeerText(text)), why)};
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = DecodeHex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1 || byte->front() == 0) return std::nullopt;
    decoded += static_cast<char>(byte->front());
    i += 2;
  }
  return decoded;
}

// A URL may carry a password or a token that has no place in reports.
std::string WithoutSecrets(std::string_view url) {
  const std::size_t start = url.find("://") + 3;
  std::string_view rest = url.substr(start);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(url.substr(0, start)) + std::string(rest);
}

}  // namespace

Expected<MapSource, Error> ParseMapSource(std::string_view text) {
  using Kind = MapSource::Kind;
  if (text.empty()) return Fail(Bad(text, "is empty"));
  if (text == "local") return MapSource{Kind::kLocal, {}, "local"};
  if (text == "-") return MapSource{Kind::kStdin, {}, "stdin"};
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    return MapSource{Kind::kFile, std::string(text), std::string(text)};
  const std::string scheme = ToLowerAscii(text.substr(0, scheme_end));
  if (scheme == "http" || scheme == "https")
    return MapSource{Kind::kUrl, std::string(text), WithoutSecrets(text)};
  if (scheme != "file") return Fail(Bad(text, fmt::format("unsupported scheme \"{}\"", scheme)));
  // The host part is ignored, as by the reference.
  const std::string_view rest = text.substr(kFileScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return Fail(Bad(text, "names no path"));
  const auto path = PercentDecoded(rest.substr(slash));
  if (!path) return Fail(Bad(text, "has a broken percent escape"));
  return MapSource{Kind::kFile, *path, std::string(text)};
}

}  // namespace derp::derpmap
