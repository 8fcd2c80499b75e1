#include "common/diagnosis/pairs/relay_link.h"

#include <utility>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/diagnosis/dial.h"
#include "common/net/meta_certificate.h"
#include "common/wire/upgrade.h"

namespace derp::diagnosis {

namespace {

constexpr auto kWriteTimeout = std::chrono::seconds(15);  // without the relay taking a byte
constexpr std::size_t kMostPerFamily = 4;

}  // namespace

Expected<std::vector<SocketAddress>, Error> AddressesOf(const derpmap::Node& node,
                                                        net::Resolver& resolver,
                                                        TimePoint deadline) {
  std::vector<SocketAddress> addresses;
  std::optional<Error> dns;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    const auto use = node.Use(family);
    if (use == derpmap::Node::FamilyUse::kOff) continue;
    const auto literal = use == derpmap::Node::FamilyUse::kLiteral
                             ? node.Literal(family)
                             : IpAddress::Parse(node.host_name);
    if (literal) {
      if (literal->family() == family) {
        addresses.push_back({*literal, node.EffectiveDerpPort()});
      }
      continue;
    }
    const auto found = resolver.Resolve(node.host_name, family, deadline);
    if (!found) {
      if (!dns) dns = Error{.code = ErrorCode::kNotFound, .context = found.error().text};
      continue;
    }
    std::size_t count = 0;
    for (const IpAddress& ip : *found) {
      if (ip.family() != family || ++count > kMostPerFamily) continue;
      addresses.push_back({ip, node.EffectiveDerpPort()});
    }
  }
  if (!addresses.empty()) return addresses;
  return Fail(dns.value_or(
      Error{.code = ErrorCode::kNotFound, .context = "the map leaves no address to connect to"}));
}

RelayLink::RelayLink(LinkHost& host, derpmap::Node node, NodePrivate key,
                     std::optional<MeshKey> mesh_key, Events events)
    : host_(host),
      node_(std::move(node)),
      key_(std::move(key)),
      public_key_(key_.Public()),
      mesh_key_(std::move(mesh_key)),
      events_(std::move(events)),
      self_(std::make_shared<RelayLink*>(this)),
      limit_timer_(
          host.loop,
          [this] { Break({.code = ErrorCode::kTimeout, .context = "connect: i/o timeout"}); }),
      idle_timer_(host.loop, [this] { CheckIdle(); }) {}

RelayLink::~RelayLink() { *self_ = nullptr; }

void RelayLink::Start(Duration limit) {
  limit_timer_.Start(limit);
  const TimePoint deadline = host_.context.clock.Now() + std::min(limit, host_.context.caps.dns);
  const bool asks = !IpAddress::Parse(node_.host_name) &&
                    (node_.Use(AddressFamily::kIpv4) == derpmap::Node::FamilyUse::kResolve ||
                     node_.Use(AddressFamily::kIpv6) == derpmap::Node::FamilyUse::kResolve);
  const auto look_up = [self = self_, node = node_, &host = host_, deadline] {
    Found found = AddressesOf(node, host.context.resolver, deadline);
    host.loop.Post([self, found = std::move(found)] {
      if (*self != nullptr) (*self)->OnAddresses(found);
    });
  };
  if (asks) {
    host_.resolvers.Post(look_up);
  } else {
    look_up();
  }
}

void RelayLink::OnAddresses(const Found& found) {
  if (dead_) return;
  if (!found) return Break(found.error());
  dialer_ = std::make_unique<RaceDialer>(host_.loop, *found, host_.context.caps.tcp,
                                         [this](Expected<net::Fd, Error> fd) {
                                           if (!fd) return Break(fd.error());
                                           OnConnected(std::move(*fd));
                                         });
}

void RelayLink::OnConnected(net::Fd fd) {
  dialer_.reset();
  LoopStream::Events events{.ready = [this] { return OnReady(); },
                            .data = [this](ByteView bytes) { return OnData(bytes); },
                            .broken = [this](Error error) { Break(std::move(error)); }};
  stream_ = std::make_unique<LoopStream>(
      host_.loop, std::move(fd), net::TlsSession::Client(host_.context.tls, node_.host_name),
      std::move(events), kWriteTimeout);
  stream_->Start();
}

std::optional<Error> RelayLink::OnReady() {
  const net::TlsSession& tls = *stream_->tls();
  const net::CertificateChain chain = tls.PeerCertificates();
  const net::CertVerdict verdict =
      net::VerifyPeer(chain, PolicyOf(node_), *host_.context.roots, host_.context.clock.WallNow());
  if (verdict.problem) return Error{.code = ErrorCode::kTls, .context = "tls: " + verdict.detail};
  ClientDialogue::Options options;
  options.identity.key = key_;
  options.own = public_key_;
  options.request.host = node_.HostHeader();
  options.identity.info.can_ack_pings = true;
  if (!verdict.unverified) options.identity.info.mesh_key = mesh_key_;
  dialogue_.emplace(std::move(options), host_.context.random);
  std::optional<NodePublic> server;
  if (tls.is_tls13()) {
    if (const auto meta = net::FindMetaKey(chain)) server = meta->server;
  }
  Bytes out;
  auto error = dialogue_->Start(server, out);
  if (!error) stream_->Write(out);
  return error;
}

std::optional<Error> RelayLink::OnData(ByteView bytes) {
  last_read_ = host_.loop.Now();
  Bytes out;
  auto error =
      dialogue_->Feed(bytes, last_read_, out, [this](const ServerMessage& message, Bytes& answers) {
        Handle(message, answers);
        return !dead_;
      });
  if (!error && !out.empty()) stream_->Write(out);
  return error;
}

void RelayLink::Handle(const ServerMessage& message, Bytes& out) {
  if (const auto* info = std::get_if<wire::ServerInfo>(&message)) {
    const bool first = !info_.has_value();
    info_ = *info;
    if (!first) return;
    limit_timer_.Stop();
    idle_timer_.Start(kClientReadTimeout);
    events_.up();
  } else if (const auto* packet = std::get_if<wire::RecvPacket>(&message)) {
    events_.received(*packet);
  } else if (const auto* ping = std::get_if<Ping>(&message)) {
    wire::AppendPong(out, ping->data);
  }
}

ClientSession::SendResult RelayLink::Send(const NodePublic& to, ByteView packet) {
  auto result = ClientSession::SendResult::kAppended;
  stream_->WriteWith([&](Bytes& out) {
    result = dialogue_->AppendPacket(out, to, packet, host_.context.clock.Now());
  });
  return result;
}

void RelayLink::CheckIdle() {
  const Duration silent = host_.loop.Now() - last_read_;
  if (silent >= kClientReadTimeout) {
    return Break({.code = ErrorCode::kTimeout, .context = "read: i/o timeout"});
  }
  idle_timer_.Start(kClientReadTimeout - silent);
}

void RelayLink::Break(Error error) {
  if (std::exchange(dead_, true)) return;
  limit_timer_.Stop();
  idle_timer_.Stop();
  error.context = PrintablePeerText(error.context);
  events_.broken(std::move(error));
}

}  // namespace derp::diagnosis
