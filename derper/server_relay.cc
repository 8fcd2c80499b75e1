// From the settings to the relay.
#include <cmath>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "derper/server.h"

namespace derp::relay {
namespace {

Error BadVariable(const char* name, std::string_view value) {
  return {.code = ErrorCode::kInvalidArgument,
          .context = fmt::format("invalid value \"{}\" for environment variable {}", value, name)};
}

// The debugging variables of the Go program.
Expected<void, Error> TakeVariables(const Environment& environment, RelayOptions& out) {
  constexpr const char* kDepth = "TS_DEBUG_DERP_PER_CLIENT_SEND_QUEUE_DEPTH";
  if (const auto found = environment.find(kDepth);
      found != environment.end() && !found->second.empty()) {
    const auto depth = ParseGoInt(found->second);
    if (!depth || *depth < 1 || *depth > 65536) return Fail(BadVariable(kDepth, found->second));
    out.queue_depth = static_cast<std::size_t>(*depth);
  }
  constexpr const char* kNoStatistics = "TS_DERP_DISABLE_RTT_STATS";
  if (const auto found = environment.find(kNoStatistics);
      found != environment.end() && !found->second.empty()) {
    const auto off = ParseGoBool(found->second);
    if (!off) return Fail(BadVariable(kNoStatistics, found->second));
    out.rtt_statistics = !*off;
  }
  auto debug_logs = DebugLogs::FromEnvironment(environment);
  if (!debug_logs) return Fail(debug_logs.error());
  out.debug_logs = std::move(*debug_logs);
  const auto rate = environment.find("TS_DEBUG_LOG_RATE");
  out.log_limits.off = rate != environment.end() && rate->second == "all";
  return {};
}

}  // namespace

Expected<RelayOptions, Error> Server::MakeRelayOptions() {
  RelayOptions out;
  out.private_key = key_;
  out.mesh_keys = mesh_keys_;
  out.admission = gate_.get();
  out.listeners.push_back({.address = plan_.main,
                           .tls = plan_.tls,
                           .serves_derp = options_.derp,
                           .site = [this](http::Request request, http::Responder responder) {
                             site_->Handle(std::move(request), std::move(responder));
                           }});
  if (plan_.plain_http) {
    out.listeners.push_back({.address = *plan_.plain_http,
                             .tls = false,
                             .serves_derp = false,
                             .site = [this](http::Request request, http::Responder responder) {
                               site_->HandlePlain(std::move(request), std::move(responder));
                             }});
  }
  if (certificates_) {
    out.tls_context = [this]() -> std::shared_ptr<const net::TlsServerContext> {
      if (!accept_limit_.Take(1, control_.Now())) return nullptr;
      return certificates_->Context();
    };
  }
  out.limits = limits_.get();
  for (const std::string& item : ListItems(options_.proxy_protocol_from)) {
    out.proxies.push_back(*IpPrefix::Parse(item));  // FindBadOption() saw that it can be read
  }
  out.workers = static_cast<unsigned>(options_.workers);
  out.tcp = {.user_timeout = options_.tcp_user_timeout,
             .keepalive_idle = options_.tcp_keepalive_time};
  out.listen = [this](const SocketAddress& address, const net::TcpOptions& tcp) {
    return inherited_.Listen(address, tcp);
  };
  out.write_timeout = options_.tcp_write_timeout;
  if (auto taken = TakeVariables(environment_, out); !taken) return Fail(taken.error());
  return out;
}

Expected<void, Error> Server::StartRelay() {
  auto options = MakeRelayOptions();
  if (!options) return Fail(options.error());
  auto relay = Relay::Start(std::move(*options), control_, logger_, random_);
  if (!relay) return Fail(Within("derper", relay.error()));
  relay_ = std::move(*relay);
  if (const auto unused = inherited_.FindUnused()) {
    return Fail(
        Error{.code = ErrorCode::kInvalidArgument,
              .context = fmt::format("derper: LISTEN_FDS has a socket on {}, which no flag serves",
                                     unused->ToString())});
  }
  site_->SetTlsPort(relay_->Addresses().front().port);
  return {};
}

}  // namespace derp::relay
