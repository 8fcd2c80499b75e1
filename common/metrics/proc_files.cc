#include "common/metrics/proc_files.h"

#include <charconv>
#include <vector>

#include "common/base/text.h"

namespace derp::metrics {
namespace {

std::optional<std::uint64_t> Whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // The second field is the program's name in parentheses and may hold anything, so counting starts
  // behind the last parenthesis with field 3 (proc(5)).
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto fields = Split(TrimSpace(text.substr(name_end + 1)), ' ');
  const auto field = [&](std::size_t number) {
    return number - 3 < fields.size() ? Whole(fields[number - 3]) : std::nullopt;
  };
  const auto user = field(14);
  const auto system = field(15);
  const auto start = field(22);
  const auto virtual_bytes = field(23);
  const auto resident = field(24);
  if (!user || !system || !start || !virtual_bytes || !resident) return std::nullopt;
  return ProcessStat{.user_ticks = *user,
                     .system_ticks = *system,
                     .start_ticks = *start,
                     .virtual_bytes = *virtual_bytes,
                     .resident_pages = *resident};
}

std::optional<std::uint64_t> ParseBootTime(std::string_view text) {
  constexpr std::string_view kName = "btime ";
  for (const std::string_view line : Split(text, '\n')) {
    if (line.starts_with(kName)) return Whole(TrimSpace(line.substr(kName.size())));
  }
  return std::nullopt;
}

std::optional<NetworkOctets> ParseNetworkOctets(std::string_view text) {
  // Two lines start with the same word: first the names, then the values.
  std::vector<std::string_view> names;
  for (const std::string_view line : Split(text, '\n')) {
    if (!line.starts_with("IpExt:")) continue;
    const auto words = Split(TrimSpace(line), ' ');
    if (names.empty()) {
      names = words;
      continue;
    }
    NetworkOctets out;
    int found = 0;
    for (std::size_t i = 0; i < names.size() && i < words.size(); ++i) {
      const auto value = Whole(words[i]);
      if (!value) continue;
      if (names[i] == "InOctets") out.received = *value, ++found;
      if (names[i] == "OutOctets") out.sent = *value, ++found;
    }
    if (found == 2) return out;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace derp::metrics
