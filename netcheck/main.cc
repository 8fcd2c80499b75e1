// netcheck: what this machine's network looks like from the relays of a DERP map, and which of them
// is nearest. One line of thought: options, map, sockets, and then a report as often as asked for.
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/derpmap/lint.h"
#include "netcheck/map_loader.h"
#include "netcheck/measure/measure.h"
#include "netcheck/options.h"
#include "netcheck/report/json.h"
#include "netcheck/report/text.h"
#include "netcheck/report/words.h"

namespace derp::netcheck {
namespace {

constexpr Duration kMapTimeout = std::chrono::seconds(10);

void Say(std::string_view text) { fmt::print(stderr, "netcheck: {}\n", text); }

bool Print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

// What of the map changes the result is said always, the rest with -verbose.
void SayNotes(const derpmap::MapDocument& document, bool verbose) {
  for (const derpmap::Note& note : derpmap::Lint(document)) {
    const bool matters = derpmap::EndsWalk(note.code) || note.code.ends_with("_mismatch") ||
                         note.code == "map.null_region" || note.code == "map.no_nodes";
    if (!matters && !verbose) continue;
    const std::string where = note.node.empty() ? "" : " " + note.region + "/" + note.node;
    Say(fmt::format("{}{}: {}", note.code, where, note.fact));
  }
}

void SayMissingMap(const Options& options, const Error& error) {
  Say(error.context);
  if (options.map_source.kind == derpmap::MapSource::Kind::kLocal)
    Say(
        fmt::format("no map from tailscaled ({}); name one with -derp-map URL, FILE or -. No other "
                    "source was asked",
                    options.socket));
}

ProbeSockets OpenSockets(const Options& options) {
  ProbeSockets sockets = OpenProbeSockets(options.bind);
  if (!sockets.v4.valid() && !sockets.v6.valid())
    Say(fmt::format("UDP test failure: {}; {}", sockets.v4_error, sockets.v6_error));
  else if (options.verbose && !sockets.v4.valid())
    Say(sockets.v4_error);
  else if (options.verbose && !sockets.v6.valid())
    Say(sockets.v6_error);
  return sockets;
}

std::string Formatted(const Report& report, const derpmap::DerpMap& map, const Options& options) {
  switch (options.format) {
    case Format::kJson:
      return FormatJson(report, JsonLayout::kIndented);
    case Format::kJsonLine:
      return FormatJson(report, JsonLayout::kOneLine);
    case Format::kText:
      break;
  }
  return FormatText(report, map, {.verbose = options.verbose, .zone = LocalZone(report.now)});
}

int Run(const Options& options) {
  const SystemClock clock;
  SystemRandom random;
  net::SystemResolver resolver;
  NameLookups names(resolver);
  const auto sink = [](LogLevel, std::string_view text) { Say(text); };
  const Logger log(sink, options.verbose ? LogLevel::kDebug : LogLevel::kWarn);

  if (options.format != Format::kText)
    fmt::print(stderr, "# Warning: this JSON may still change from one version to the next\n");
  const ProbeSockets sockets = OpenSockets(options);
  if (options.map_source.kind == derpmap::MapSource::Kind::kUrl)
    Say("DERP map from " + options.map_source.shown);
  const auto document = LoadMap(options.map_source, options.socket, clock.Now() + kMapTimeout);
  if (!document) {
    SayMissingMap(options, document.error());
    return 1;
  }
  SayNotes(*document, options.verbose);

  for (;;) {
    const auto interfaces = ReadInterfaces();
    if (!interfaces) {
      Say(interfaces.error().context);
      return 1;
    }
    const Report report =
        Measure(document->map, sockets,
                {.all_regions = options.verbose, .local = UsableFamilies(*interfaces)},
                {clock, random, log, names});
    if (!Print(Formatted(report, document->map, options))) return 1;
    if (options.every == Duration::zero()) return 0;
    std::this_thread::sleep_for(options.every);
  }
}

}  // namespace
}  // namespace derp::netcheck

int main(int argc, char** argv) {
  using derp::cli::ParseResult;
  const auto [options, parsed] = derp::netcheck::ParseOptions(
      std::vector<std::string>(argv + 1, argv + argc), derp::cli::ProcessEnvironment());
  if (parsed.action == ParseResult::Action::kExit) {
    fmt::print(stderr, "{}", parsed.stderr_text);
    return parsed.exit_code;
  }
  if (options.version) {
    fmt::print("{}\n", derp::cli::Version());
    return 0;
  }
  return derp::netcheck::Run(options);
}
