// What no flag type can refuse.
#include <cmath>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/base/socket_address.h"
#include "derper/options.h"
#include "derper/relay/worker_limit.h"

namespace derp::relay {
namespace {

std::optional<std::string> FindBadValue(const Options& options) {
  const auto bad = [](std::string_view flag, std::string_view value, std::string_view want) {
    return fmt::format("-{}={}: want {}", flag, value, want);
  };
  if (options.tls != "auto" && options.tls != "on" && options.tls != "off") {
    return bad("tls", options.tls, "auto, on or off");
  }
  if (options.stun_mode != "strict" && options.stun_mode != "generic") {
    return bad("stun-mode", options.stun_mode, "strict or generic");
  }
  if (options.workers < 0 || options.workers > std::int64_t{kMaxWorkers}) {
    return bad("workers", std::to_string(options.workers), fmt::format("0 to {}", kMaxWorkers));
  }
  if (options.stun_threads < 1 || options.stun_threads > 256) {
    return bad("stun-threads", std::to_string(options.stun_threads), "1 to 256");
  }
  if (options.stun_port < 0 || options.stun_port > 65535) {
    return bad("stun-port", std::to_string(options.stun_port), "a UDP port");
  }
  if (options.http_port > 65535) {
    return bad("http-port", std::to_string(options.http_port), "a TCP port, or a negative number");
  }
  if (options.log_format != "text" && options.log_format != "json") {
    return bad("log-format", options.log_format, "text or json");
  }
  if (!options.secrets_url.empty() && !options.secrets_url.starts_with("http://") &&
      !options.secrets_url.starts_with("https://")) {
    return "-secrets-url: want an http or https URL";
  }
  if (options.verify_mode != "all" && options.verify_mode != "any") {
    return bad("verify-mode", options.verify_mode, "all or any");
  }
  if (std::isnan(options.accept_limit) || options.accept_limit < 0) {
    return bad("accept-connection-limit", FormatGoFloat(options.accept_limit),
               "connections per second");
  }
  if (options.accept_burst < 0) {
    return bad("accept-connection-burst", std::to_string(options.accept_burst), "0 or more");
  }
  for (const std::string& item : ListItems(options.proxy_protocol_from)) {
    if (!IpPrefix::Parse(item)) return bad("proxy-protocol-from", item, "addresses or blocks");
  }
  return std::nullopt;
}

std::optional<std::string> FindMissingFeature(const Options& options) {
  const struct {
    bool asked;
    std::string_view flag;
  } features[] = {
      {options.ace, "ace"},
  };
  for (const auto& feature : features) {
    if (feature.asked) {
      return fmt::format("-{}: this build does not have that feature yet; start without the flag",
                         feature.flag);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FindBadOption(const Options& options) {
  if (auto bad = FindBadValue(options)) return bad;
  return FindMissingFeature(options);
}

}  // namespace derp::relay
