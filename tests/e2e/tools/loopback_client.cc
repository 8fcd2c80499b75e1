#include "tests/e2e/tools/loopback_client.h"

#include "common/net/sockets.h"

namespace derp::test {

Expected<std::unique_ptr<BlockingClient>, Error> ConnectTo(const std::string& address,
                                                           const ClientIdentity& identity,
                                                           RandomSource& random,
                                                           const Clock& clock) {
  const auto where = SocketAddress::Parse(address);
  if (!where) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = "no address: " + address});
  }
  auto fd = net::ConnectTcp(*where, Soon());
  if (!fd) return Fail(std::move(fd.error()));
  auto stream =
      net::StartTls(std::move(*fd), net::TlsClientContext::Make(), where->ip.ToString(), Soon());
  if (!stream) return Fail(std::move(stream.error().error));
  BlockingClientOptions options;
  options.identity = identity;
  options.request.host = address;
  auto client = std::make_unique<BlockingClient>(std::move(*stream), options, random, clock);
  const auto upgraded = client->Upgrade(Soon());
  if (!upgraded) return Fail(upgraded.error().error);
  const auto greeted = client->ReadGreeting(Soon());
  if (!greeted) return Fail(greeted.error().error);
  const auto logged_in = client->Login(Soon());
  if (!logged_in) return Fail(logged_in.error().error);
  return client;
}

}  // namespace derp::test
