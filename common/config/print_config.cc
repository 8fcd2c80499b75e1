#include "common/config/print_config.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::config {
namespace {

constexpr std::string_view kHidden = "xxxxx";
constexpr std::size_t kCommentColumn = 44;

// Whether YAML reads the text back as it stands, without quotes.
bool IsPlain(std::string_view text) {
  constexpr std::string_view kInside = "./_-%+";
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && (letter(text.front()) || text.front() == '/') && text != "null" &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return letter(c) || kInside.find(c) != std::string_view::npos;
         });
}

std::string Quoted(std::string_view text) {
  return IsPlain(text) ? std::string(text) : GoQuote(text);
}

std::string WithoutPath(std::string_view value) {
  const std::size_t scheme_end = value.find("://");
  if (scheme_end == std::string_view::npos) return std::string(kHidden);
  const std::size_t slash = value.find_first_of("/?#", scheme_end + 3);
  if (slash == std::string_view::npos || slash + 1 == value.size()) return std::string(value);
  return fmt::format("{}/{}", value.substr(0, slash), kHidden);
}

std::string OriginText(const cli::FlagInForce& flag) {
  switch (flag.origin) {
    case cli::Origin::kDefault:
      return "default";
    case cli::Origin::kFile:
      return "file " + PrintablePeerText(flag.where);
    case cli::Origin::kEnvironment:
      return "environment variable " + flag.where;
    case cli::Origin::kFlag:
      return "flag";
  }
  return {};
}

}  // namespace

std::string Redacted(std::string_view value) {
  const std::size_t scheme_end = value.find("://");
  if (scheme_end == std::string_view::npos) return std::string(value);
  const std::size_t authority = scheme_end + 3;
  const std::size_t end = std::min(value.find_first_of("/?#", authority), value.size());
  const std::string_view host = value.substr(authority, end - authority);
  std::string text(value.substr(0, authority));
  const std::size_t at = host.rfind('@');
  if (at == std::string_view::npos) {
    text += host;
  } else {
    const std::size_t colon = host.find(':');
    const bool has_password = colon < at;
    text += host.substr(0, has_password ? colon : at);
    if (has_password) text += fmt::format(":{}", kHidden);
    text += host.substr(at);
  }
  const std::string_view rest = value.substr(end);
  const std::size_t query = rest.find('?');
  if (query == std::string_view::npos) return text + std::string(rest);
  return text + std::string(rest.substr(0, query + 1)) + std::string(kHidden);
}

std::string PrintConfig(const std::vector<cli::FlagInForce>& flags,
                        const std::set<std::string_view>& secret_paths,
                        const std::set<std::string_view>& left_out) {
  std::string text;
  for (const cli::FlagInForce& flag : flags) {
    if (left_out.contains(flag.name)) continue;
    std::vector<std::string> shown;
    for (const std::string& value : flag.values) {
      const std::string redacted = Redacted(value);
      const bool hide = secret_paths.contains(flag.name) && !value.empty();
      shown.push_back(Quoted(hide ? WithoutPath(redacted) : redacted));
    }
    const std::string line = fmt::format(
        "{}: {}", flag.name, flag.is_list ? "[" + Join(shown, ", ") + "]" : Join(shown, ""));
    text += fmt::format("{:<{}}  # {}\n", line, kCommentColumn, OriginText(flag));
  }
  return text;
}

}  // namespace derp::config
