#include "stunc/options.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/cli/flags.h"
#include "common/cli/version.h"

namespace derp::stunc {
namespace {

constexpr std::int64_t kMostRetries = 16;       // RFC 8489 sends seven times at most
constexpr std::int64_t kMostCount = 1'000'000;  // every round trip is kept for the statistics
constexpr Duration kLeastInterval = std::chrono::milliseconds(10);

// What the flags write into before it is judged.
struct RawFlags {
  Options options;
  bool only_v4 = false;
  bool only_v6 = false;
  bool version = false;
  std::int64_t retries = 0;
  std::int64_t count = 1;
  std::string format;
  std::vector<std::string> words;
};

void Declare(cli::FlagSet& flags, RawFlags& raw) {
  Options& options = raw.options;
  flags.DurationFlag("timeout", &options.timeout, "response wait timeout");
  flags.Bool("4", &raw.only_v4, "ask over IPv4 only");
  flags.Bool("6", &raw.only_v6, "ask over IPv6 only");
  flags.Bool("all-addrs", &options.all_addresses, "ask every address of the name");
  flags.Int("count", &raw.count, "how many requests to send; more than one gives statistics");
  flags.DurationFlag("interval", &options.interval, "time from one request of -count to the next");
  flags.Text("format", &raw.format,
             "print results to stdout as `text|json|json-line` instead of the lines on stderr");
  flags.Int("retries", &raw.retries,
            "send an unanswered request again up to so many times, as RFC 8489 plans it; the plan "
            "then sets the time to wait unless -timeout is given");
  flags.Bool("verbose", &options.verbose, "show round trip, findings and the reply's attributes");
  flags.Bool("version", &raw.version, "print the version and exit");
  flags.AllowPositional(&raw.words, "");
}

std::optional<std::string> Judge(RawFlags& raw) {
  Options& options = raw.options;
  const auto invalid = [](std::string_view value, std::string_view flag, std::string_view why) {
    return fmt::format("invalid value {} for flag -{}: {}", GoQuote(value), flag, why);
  };
  if (raw.only_v4 && raw.only_v6) return "-4 and -6 exclude each other";
  if (raw.only_v4) options.family = AddressFamily::kIpv4;
  if (raw.only_v6) options.family = AddressFamily::kIpv6;
  if (raw.retries < 0 || raw.retries > kMostRetries) {
    return invalid(std::to_string(raw.retries), "retries", fmt::format("0 to {}", kMostRetries));
  }
  if (raw.count < 1 || raw.count > kMostCount) {
    return invalid(std::to_string(raw.count), "count", fmt::format("1 to {}", kMostCount));
  }
  if (options.interval < kLeastInterval) {
    return "-interval is too short: at least 10ms, to spare the server";
  }
  options.retries = static_cast<unsigned>(raw.retries);
  options.count = static_cast<unsigned>(raw.count);
  if (raw.format == "text") {
    options.format = Format::kText;
  } else if (raw.format == "json") {
    options.format = Format::kJson;
  } else if (raw.format == "json-line") {
    options.format = Format::kJsonLine;
  } else if (!raw.format.empty()) {
    return invalid(raw.format, "format", "text, json or json-line");
  }
  return std::nullopt;
}

// The flags' part of the usage, without its "Usage of" line.
std::string FlagDefaults(const cli::FlagSet& flags) {
  const std::string usage = flags.Usage();
  return usage.substr(usage.find('\n') + 1);
}

}  // namespace

Expected<Options, Exit> ParseOptions(const std::string& program,
                                     const std::vector<std::string>& args,
                                     const std::map<std::string, std::string>& environment) {
  RawFlags raw;
  cli::FlagSet flags(program, "STUNC_");
  Declare(flags, raw);
  const cli::ParseResult parsed = flags.Parse(args, environment);
  if (parsed.action == cli::ParseResult::Action::kExit) {
    return Fail(Exit{parsed.exit_code, {}, parsed.stderr_text});
  }
  if (raw.version) return Fail(Exit{0, cli::Version() + "\n", {}});
  if (const auto complaint = Judge(raw)) {
    return Fail(Exit{2, {}, *complaint + "\n" + flags.Usage()});
  }
  if (raw.words.empty() || raw.words.size() > 2) {
    return Fail(
        Exit{1, {}, fmt::format("usage: {} <hostname> [port]\n{}", program, FlagDefaults(flags))});
  }
  auto target = ParseTarget(raw.words);
  if (!target) return Fail(Exit{1, {}, target.error() + "\n"});
  raw.options.target = *std::move(target);
  raw.options.timeout_set = flags.WasSet("timeout");
  return raw.options;
}

}  // namespace derp::stunc
