#include "common/derp/connect.h"

#include <algorithm>

#include "common/base/defaults.h"

namespace derp {
namespace {

tl::unexpected<ConnectFailure> At(ConnectStage stage, Error error) {
  return Fail(ConnectFailure{.stage = stage, .error = std::move(error)});
}

// A stream whose certificate was accepted, and what it told.
struct TrustedStream {
  std::unique_ptr<net::ByteStream> stream;
  bool verified = false;  // not so with InsecureForTests
  std::optional<NodePublic> meta_key{};
};

Expected<TrustedStream, ConnectFailure> SecureStream(net::Fd fd, const net::PeerPolicy& policy,
                                                     const net::RootStore& roots,
                                                     const Clock& clock, TimePoint deadline) {
  auto stream =
      net::StartTls(std::move(fd), net::TlsClientContext::Make(), policy.host_name, deadline);
  if (!stream) return At(ConnectStage::kTls, stream.error().error);
  const net::TlsSession& tls = *(*stream)->tls();
  const net::CertificateChain chain = tls.PeerCertificates();
  const auto verdict = net::VerifyPeer(chain, policy, roots, clock.WallNow());
  if (verdict.problem) {
    return At(ConnectStage::kCertificate,
              Error{.code = ErrorCode::kTls, .context = verdict.detail});
  }
  TrustedStream result{.stream = std::move(*stream), .verified = !verdict.unverified};
  // Fast start needs TLS 1.3 (3.5).
  const auto meta = net::FindMetaKey(chain);
  if (meta && tls.is_tls13() && meta->version != 0 && !meta->server.is_zero())
    result.meta_key = meta->server;
  return result;
}

Expected<void, ConnectFailure> LogIn(BlockingClient& client, const std::optional<NodePublic>& meta,
                                     TimePoint deadline) {
  if (meta) {
    const auto info = client.FastStart(*meta, deadline);
    if (info) return {};
    const bool http = info.error().fault == ClientFault::kUpgradeRefused ||
                      info.error().fault == ClientFault::kUpgradeMalformed;
    return At(http ? ConnectStage::kUpgrade : ConnectStage::kLogin, info.error().error);
  }
  const auto upgraded = client.Upgrade(deadline);
  if (!upgraded) return At(ConnectStage::kUpgrade, upgraded.error().error);
  const auto server = client.ReadGreeting(deadline);
  if (!server) return At(ConnectStage::kGreeting, server.error().error);
  const auto info = client.Login(deadline);
  if (!info) return At(ConnectStage::kLogin, info.error().error);
  return {};
}

}  // namespace

std::string_view ConnectStageName(ConnectStage stage) {
  switch (stage) {
    case ConnectStage::kDial:
      return "dial";
    case ConnectStage::kTls:
      return "tls";
    case ConnectStage::kCertificate:
      return "certificate";
    case ConnectStage::kUpgrade:
      return "upgrade";
    case ConnectStage::kGreeting:
      return "greeting";
    case ConnectStage::kLogin:
      return "login";
  }
  return "unknown";
}

net::PeerPolicy PolicyFor(const derpmap::Node& node) {
  net::PeerPolicy policy{.host_name = node.host_name,
                         .cert_name = node.cert_name,
                         .insecure_for_tests = node.insecure_for_tests};
  if (policy.host_name.empty() && !policy.is_pinned()) policy.host_name = policy.cert_name;
  return policy;
}

Expected<std::unique_ptr<BlockingClient>, ConnectFailure> Connect(const derpmap::Node& node,
                                                                  const ConnectOptions& options,
                                                                  const ConnectServices& services,
                                                                  TimePoint deadline) {
  const TimePoint dial_deadline = std::min(deadline, services.clock.Now() + kNodeDialTimeout);
  const auto addresses = ResolveNode(node, options.dial, services.resolver, dial_deadline);
  if (!addresses) return At(ConnectStage::kDial, addresses.error());
  auto fd = RaceConnect(*addresses, options.dial.prefer_ipv6, dial_deadline, services.clock);
  if (!fd) return At(ConnectStage::kDial, fd.error());

  auto trusted =
      SecureStream(std::move(*fd), PolicyFor(node), *options.roots, services.clock, deadline);
  if (!trusted) return Fail(trusted.error());

  BlockingClientOptions client_options{
      .identity = options.identity,
      .request = {.host = node.HostHeader(), .ideal_node = options.ideal_node}};
  if (!trusted->verified) client_options.identity.info.mesh_key.reset();
  auto client = std::make_unique<BlockingClient>(
      std::move(trusted->stream), std::move(client_options), services.random, services.clock);
  const auto logged_in = LogIn(*client, trusted->meta_key, deadline);
  if (!logged_in) return Fail(logged_in.error());
  return client;
}

}  // namespace derp
