#include "stunc/target.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/socket_address.h"
#include "common/base/text.h"

namespace derp::stunc {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Expected<std::uint16_t, std::string> ParsePort(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return Fail(fmt::format("invalid port: strconv.ParseUint: parsing {}: {}", GoQuote(text), why));
  };
  if (!IsNumber(text)) return fail("invalid syntax");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc()) return fail("value out of range");
  return port;
}

struct Split {
  std::string host;
  std::optional<std::string> port;
};

// A name followed by something that is no number is left to the resolver, as the reference does.
Split SplitWord(const std::string& word) {
  if (word.starts_with('[')) {
    if (word.ends_with(']')) return {word.substr(1, word.size() - 2), std::nullopt};
    if (const auto parts = SplitHostPort(word)) return {parts->host, parts->port};
    return {word, std::nullopt};
  }
  const bool one_colon = std::ranges::count(word, ':') == 1;
  const std::size_t colon = word.find(':');
  if (!one_colon || !IsNumber(std::string_view(word).substr(colon + 1))) {
    return {word, std::nullopt};
  }
  return {word.substr(0, colon), word.substr(colon + 1)};
}

}  // namespace

Expected<Target, std::string> ParseTarget(const std::vector<std::string>& words) {
  Split split = SplitWord(words.front());
  if (words.size() > 1) {
    if (split.port) {
      return Fail(fmt::format("port given twice: {} and {}", GoQuote(words[0]), GoQuote(words[1])));
    }
    split.port = words[1];
  }
  if (!split.port) return Target{split.host, kDefaultStunPort};
  const auto port = ParsePort(*split.port);
  if (!port) return Fail(port.error());
  return Target{split.host, *port};
}

}  // namespace derp::stunc
