#include "netcheck/options.h"

#include <fmt/format.h>

#include "common/base/socket_address.h"
#include "common/base/text.h"
#include "common/derp/map_fetch.h"

namespace derp::netcheck {
namespace {

constexpr std::int64_t kHighestPort = 65535;

std::string FromEnvironment(const std::map<std::string, std::string>& environment,
                            const std::string& name) {
  const auto at = environment.find(name);
  return at == environment.end() ? std::string() : at->second;
}

std::optional<Format> FormatNamed(std::string_view name) {
  if (name.empty() || name == "text") return Format::kText;
  if (name == "json") return Format::kJson;
  if (name == "json-line") return Format::kJsonLine;
  return std::nullopt;
}

void Refuse(OptionsResult& result, int exit_code, std::string_view message) {
  result.parsed.action = cli::ParseResult::Action::kExit;
  result.parsed.exit_code = exit_code;
  result.parsed.stderr_text = fmt::format("netcheck: {}\n", message);
}

}  // namespace

OptionsResult ParseOptions(const std::vector<std::string>& args,
                           const std::map<std::string, std::string>& environment) {
  OptionsResult result;
  Options& options = result.options;
  std::string format;
  std::string bind_address;
  std::int64_t bind_port = 0;
  std::string derp_map = "local";
  options.socket = kTailscaledSocket;

  cli::FlagSet flags("netcheck", "NETCHECK_");
  flags.Text("format", &format, "output `format`: text (the default), json or json-line");
  flags.DurationFlag("every", &options.every,
                     "if non-zero, report again and again with this pause between");
  flags.Bool("verbose", &options.verbose,
             "log what is sent and received, and wait for all regions");
  flags.Text("bind-address", &bind_address, "local IP `address` to probe from");
  flags.Int("bind-port", &bind_port, "local UDP `port` to probe from, 0 for any");
  flags.Text("derp-map", &derp_map,
             "DERP map, JSON or headscale's YAML: a `URL`, a file, - for stdin, or local to ask "
             "tailscaled");
  flags.Text("socket", &options.socket, "`path` of tailscaled's socket");
  flags.Bool("version", &options.version, "print the version and exit");
  result.parsed = flags.Parse(args, environment);
  if (result.parsed.action == cli::ParseResult::Action::kExit || options.version) return result;

  const auto named = FormatNamed(format);
  if (!named) {
    Refuse(result, 2, fmt::format("unknown -format {}: text, json or json-line", GoQuote(format)));
    return result;
  }
  options.format = *named;
  if (options.every < Duration::zero()) {
    Refuse(result, 2, "-every is negative");
    return result;
  }
  BindWish wish;
  if (flags.WasSet("bind-address")) wish.address = bind_address;
  if (flags.WasSet("bind-port")) wish.port = bind_port;
  wish.environment = FromEnvironment(environment, "TS_DEBUG_NETCHECK_UDP_BIND");
  const auto bind = BindText(wish);
  if (!bind) {
    Refuse(result, 1, bind.error().context);
    return result;
  }
  options.bind = *bind;
  const auto source = derpmap::ParseMapSource(derp_map);
  if (!source) {
    Refuse(result, 2, "-derp-map: " + source.error().context);
    return result;
  }
  options.map_source = *source;
  return result;
}

Expected<std::string, Error> BindText(const BindWish& wish) {
  if (!wish.address && !wish.port) return wish.environment.empty() ? ":0" : wish.environment;
  std::string host;
  if (wish.address) {
    const auto address = IpAddress::Parse(*wish.address);
    if (!address)
      return Fail(Error{ErrorCode::kInvalidArgument,
                        fmt::format("invalid bind address {}", GoQuote(*wish.address))});
    host = address->is_v4() ? address->ToString() : "[" + address->ToString() + "]";
  }
  const std::int64_t port = wish.port.value_or(0);
  if (port < 0 || port > kHighestPort)
    return Fail(Error{ErrorCode::kInvalidArgument,
                      fmt::format("invalid bind port {}: allowed are 0 to 65535", port)});
  return fmt::format("{}:{}", host, port);
}

}  // namespace derp::netcheck
