#include "derper/listen_plan.h"

#include <charconv>
#include <netdb.h>

#include <fmt/format.h>

namespace derp::relay {
namespace {

constexpr std::string_view kDevAddress = ":3340";

Error InvalidAddress(std::string_view why) {
  return {.code = ErrorCode::kInvalidArgument,
          .context = fmt::format("invalid server address: {}", why)};
}

// Go's words for what net.SplitHostPort refuses.
std::string SplitProblem(std::string_view address) {
  const std::size_t last = address.rfind(':');
  const bool bracketed = !address.empty() && address[0] == '[';
  const std::size_t close = address.find(']');
  if (last == std::string_view::npos || (bracketed && close + 1 == address.size())) {
    return fmt::format("address {}: missing port in address", address);
  }
  return fmt::format("address {}: too many colons in address", address);
}

std::optional<std::uint16_t> ParsePort(const std::string& text) {
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  if (error == std::errc() && end == last) return port;
  // A name from /etc/services. A number that is too large must not get there: the C library would
  // cut it to 16 bits.
  if (text.empty() || error != std::errc::invalid_argument) return std::nullopt;
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(nullptr, text.c_str(), &hints, &found) != 0) return std::nullopt;
  const auto* const address = reinterpret_cast<const sockaddr*>(found->ai_addr);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(address->sa_data);
  port = LoadU16Be(bytes);
  freeaddrinfo(found);
  return port;
}

Expected<IpAddress, Error> HostAddress(const std::string& host, net::Resolver& resolver,
                                       TimePoint deadline) {
  if (host.empty()) return IpAddress::V6({});
  if (const auto literal = IpAddress::Parse(host)) return *literal;
  const auto found = resolver.Resolve(host, std::nullopt, deadline);
  if (!found) return Fail(InvalidAddress(found.error().text));
  if (found->empty()) return Fail(InvalidAddress(fmt::format("lookup {}: no address", host)));
  return found->front();
}

// "[host]:port" to an address; an empty host means all of them.
Expected<SocketAddress, Error> ParseListenAddress(const std::string& text, net::Resolver& resolver,
                                                  TimePoint deadline) {
  const std::optional<HostPort> parts = SplitHostPort(text);
  if (!parts) return Fail(InvalidAddress(SplitProblem(text)));
  const std::optional<std::uint16_t> port = ParsePort(parts->port);
  if (!port) return Fail(InvalidAddress(fmt::format("unknown port {}", parts->port)));
  const auto host = HostAddress(parts->host, resolver, deadline);
  if (!host) return Fail(host.error());
  return SocketAddress{*host, *port};
}

// -tls=auto serves TLS as Go does, but an ACME mode on another port is a mistake unless -dev says
// that clear text is meant (derper.md 11, edge 8).
Expected<bool, Error> DecideTls(const Options& options, const std::string& port) {
  if (options.tls != "auto") return options.tls == "on";
  if (options.cert_mode == "manual") return true;
  if (options.dev) return false;
  if (port == "443" || port == "https") return true;
  return Fail(Error{.code = ErrorCode::kInvalidArgument,
                    .context = fmt::format(
                        "-certmode={} on port {} would serve clear text: say -tls=off if a TLS "
                        "front stands before this relay, -tls=on to serve TLS here, or "
                        "-certmode=manual",
                        options.cert_mode, port)});
}

}  // namespace

Expected<ListenPlan, Error> PlanListeners(const Options& options, net::Resolver& resolver,
                                          TimePoint deadline) {
  const std::string text = options.dev ? std::string(kDevAddress) : options.address;
  const auto main = ParseListenAddress(text, resolver, deadline);
  if (!main) return Fail(main.error());
  const auto tls = DecideTls(options, SplitHostPort(text)->port);
  if (!tls) return Fail(tls.error());

  ListenPlan plan{.main = *main, .tls = *tls, .plain_http = {}, .stun = {}, .debug = {}};
  if (plan.tls && options.http_port >= 0) {
    plan.plain_http = SocketAddress{main->ip, static_cast<std::uint16_t>(options.http_port)};
  }
  if (options.stun) {
    plan.stun = SocketAddress{main->ip, static_cast<std::uint16_t>(options.stun_port)};
  }
  if (!options.debug_address.empty()) {
    const auto debug = ParseListenAddress(options.debug_address, resolver, deadline);
    if (!debug) return Fail(Within("-debug-addr", debug.error()));
    plan.debug = *debug;
  }
  return plan;
}

}  // namespace derp::relay
