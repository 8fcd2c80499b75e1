#include <charconv>

#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/options/flag_groups.h"

namespace derp::probe {

namespace {

void RegisterReport(cli::FlagSet& flags, Options& options, FlagWords& words) {
  flags.Text("format", &words.format, "report of -once: text, json, json-line, prom, nagios or go");
  flags.Text("output", &options.output, "write the report into this file, by rename");
  flags.Bool("v", &options.verbose, "report every node and every stage");
  flags.Text("fail-on", &words.fail_on, "error or warning: what makes the exit status 1");
  flags.Text("explain", &options.explain, "explain a finding's code and exit; 'all' for all");
  flags.Text("lint", &options.lint, "check this map (file, URL or -) and nothing else");
}

void RegisterChecks(cli::FlagSet& flags, Options& options, FlagWords& words) {
  flags.DurationFlag("timeout", &options.timeout, "longest time for one node");
  flags.List("exclude-region", &options.excluded_regions,
             "leave these regions out, by code or number; may repeat or hold commas");
  flags.Text("key-file", &options.key_file, "node key to probe with (derper's key file)");
  flags.List("mesh-key-regions", &options.mesh_key_regions,
             "regions that may be given the mesh key (default: all, with one own map)");
  flags.Text("udp-reference", &options.udp_reference,
             "HOST:PORT of a STUN server that tells whether UDP works here");
  flags.Text("crl", &words.crl, "off, soft or hard: what revocation lists count for");
  flags.Bool("check-admission", &options.check_admission, "tell whether strangers may relay");
  flags.DurationFlag("idle-check", &options.idle_check, "hold an idle connection so long");
  flags.Int("bw-min", &options.bw_min, "bits per second below which bandwidth is a finding");
  flags.DurationFlag("qd-max", &options.qd_max, "99th percentile above which delay is a finding");
  flags.DurationFlag("qd-once-duration", &options.qd_once_duration,
                     "how long -once measures queuing delay");
}

void RegisterService(cli::FlagSet& flags, Options& options, FlagWords& words) {
  flags.Text("state-dir", &options.state_dir, "directory that keeps the history (default: none)");
  flags.Text("alert-webhook", &options.alert_webhook, "URL that gets each change of state as JSON");
  flags.Text("alert-command", &options.alert_command,
             "program that gets each change of state as JSON on its stdin");
  flags.Text("alert-after", &words.alert_after, "BAD/ROUNDS: how many of the last rounds alert");
  flags.List("probe-allow", &options.probe_allow,
             "HOST:PORT that /probe may look at though no map names it; may repeat");
  flags.Text("config", &options.config, "YAML file with values for these flags");
  flags.Bool("check-config", &options.check_config, "check flags, files and maps, and exit");
  flags.Bool("print-config", &options.print_config, "print what is in force and from where, exit");
}

std::optional<Format> ParseFormat(std::string_view text) {
  if (text == "text") return Format::kText;
  if (text == "json") return Format::kJson;
  if (text == "json-line") return Format::kJsonLine;
  if (text == "prom") return Format::kProm;
  if (text == "nagios") return Format::kNagios;
  if (text == "go") return Format::kGo;
  return std::nullopt;
}

std::optional<CrlMode> ParseCrl(std::string_view text) {
  if (text == "off") return CrlMode::kOff;
  if (text == "soft") return CrlMode::kSoft;
  if (text == "hard") return CrlMode::kHard;
  return std::nullopt;
}

std::optional<int> ParseCount(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "3/5": at least one bad round, at most a hundred remembered.
std::optional<AlertAfter> ParseAlertAfter(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto bad = ParseCount(text.substr(0, slash));
  const auto rounds = ParseCount(text.substr(slash + 1));
  if (!bad || !rounds || *bad < 1 || *bad > *rounds || *rounds > 100) return std::nullopt;
  return AlertAfter{*bad, *rounds};
}

Complaint Unknown(std::string_view flag, std::string_view value, std::string_view known) {
  return {std::string(flag), fmt::format("-{} {}: {}", flag, PrintablePeerText(value), known)};
}

}  // namespace

void RegisterOwnFlags(cli::FlagSet& flags, Options& options, FlagWords& words) {
  RegisterReport(flags, options, words);
  RegisterChecks(flags, options, words);
  RegisterService(flags, options, words);
}

std::optional<Complaint> ParseWords(const FlagWords& words, Options& options) {
  const auto format = ParseFormat(words.format);
  if (!format) {
    return Unknown("format", words.format, "known are text, json, json-line, prom, nagios and go");
  }
  const auto crl = ParseCrl(words.crl);
  if (!crl) return Unknown("crl", words.crl, "known are off, soft and hard");
  const auto after = ParseAlertAfter(words.alert_after);
  if (!after) return Unknown("alert-after", words.alert_after, "BAD/ROUNDS, as 3/5, up to 100");
  if (words.fail_on != "error" && words.fail_on != "warning") {
    return Unknown("fail-on", words.fail_on, "known are error and warning");
  }
  options.format = *format;
  options.crl = *crl;
  options.alert_after = *after;
  options.fail_on = words.fail_on == "warning" ? FailOn::kWarning : FailOn::kError;
  return std::nullopt;
}

}  // namespace derp::probe
