#include "common/diagnosis/dial.h"

#include <algorithm>

#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

Error ToError(const ClientFailure& failure) { return failure.error; }

bool Same(const net::CertificateChain& one, const net::CertificateChain& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const auto& a, const auto& b) { return a.Der() == b.Der(); });
}

}  // namespace

net::PeerPolicy PolicyOf(const derpmap::Node& node) {
  return {.host_name = node.host_name,
          .cert_name = node.cert_name,
          .insecure_for_tests = node.insecure_for_tests};
}

Expected<std::unique_ptr<net::ByteStream>, Error> DialTls(const SocketAddress& address,
                                                          const derpmap::Node& node,
                                                          const WalkContext& context,
                                                          TimePoint deadline,
                                                          const net::TlsSession* accepted) {
  auto fd = net::ConnectTcp(address, deadline);
  if (!fd) return Fail(fd.error());
  auto stream = net::StartTls(std::move(*fd), context.tls, node.host_name, deadline,
                              accepted == nullptr ? nullptr : accepted->Ticket());
  if (!stream) return Fail(stream.error().error);
  if ((*stream)->tls()->resumed()) return std::move(*stream);
  const net::CertificateChain chain = (*stream)->tls()->PeerCertificates();
  if (accepted != nullptr && Same(chain, accepted->PeerCertificates())) return std::move(*stream);
  const net::CertVerdict verdict =
      net::VerifyPeer(chain, PolicyOf(node), *context.roots, context.WallNow());
  if (verdict.problem) {
    return Fail(Error{.code = ErrorCode::kTls, .context = "tls: " + verdict.detail});
  }
  return std::move(*stream);
}

std::unique_ptr<BlockingClient> MakeClient(std::unique_ptr<net::ByteStream> stream,
                                           const derpmap::Node& node, const ProbeKeys& keys,
                                           const WalkContext& context) {
  BlockingClientOptions options;
  options.identity.key = keys.node ? *keys.node : NodePrivate::Generate(context.random);
  options.identity.info.mesh_key = keys.mesh;
  options.identity.info.is_prober = true;
  options.identity.info.can_ack_pings = true;
  options.request.host = node.HostHeader();
  return std::make_unique<BlockingClient>(std::move(stream), std::move(options), context.random,
                                          context.clock);
}

Expected<NodePublic, Error> DialGreeting(const SocketAddress& address, const derpmap::Node& node,
                                         const WalkContext& context, TimePoint deadline,
                                         const net::TlsSession* accepted) {
  auto stream = DialTls(address, node, context, deadline, accepted);
  if (!stream) return Fail(stream.error());
  const auto client = MakeClient(std::move(*stream), node, {}, context);
  if (const auto upgraded = client->Upgrade(deadline); !upgraded) {
    return Fail(ToError(upgraded.error()));
  }
  const auto key = client->ReadGreeting(deadline);
  if (!key) return Fail(ToError(key.error()));
  return *key;
}

Expected<std::unique_ptr<BlockingClient>, ClientFailure> LogInOver(
    std::unique_ptr<net::ByteStream> stream, const derpmap::Node& node, const NodePublic& server,
    const ProbeKeys& keys, const WalkContext& context, TimePoint deadline) {
  const net::TlsSession* session = stream->tls();
  std::optional<net::MetaKey> meta;
  if (session->is_tls13()) meta = net::FindMetaKey(session->PeerCertificates());
  auto client = MakeClient(std::move(stream), node, keys, context);
  if (meta && meta->server == server && meta->version != 0) {
    const auto info = client->FastStart(server, deadline);
    if (!info) return Fail(info.error());
    return client;
  }
  if (const auto upgraded = client->Upgrade(deadline); !upgraded) return Fail(upgraded.error());
  if (const auto key = client->ReadGreeting(deadline); !key) return Fail(key.error());
  const auto info = client->Login(deadline);
  if (!info) return Fail(info.error());
  return client;
}

}  // namespace derp::diagnosis
