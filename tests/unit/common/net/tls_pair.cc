#include "tests/unit/common/net/tls_pair.h"

#include <array>
#include <stdexcept>

namespace derp::net::test {
namespace {

using namespace std::chrono_literals;

CertificateRequest Request(std::string name, std::vector<std::string> names, bool is_ca) {
  return {.common_name = std::move(name),
          .names = std::move(names),
          .not_before = kNow - 24h,
          .not_after = kNow + 24h * 90,
          .is_ca = is_ca};
}

}  // namespace

TestIdentity::TestIdentity()
    : ca(IssueCertificate(Request("Test CA", {}, true), ca_key, nullptr, ca_key)),
      leaf(IssueCertificate(Request("relay", {"relay.example.net"}, false), key, &ca, ca_key)),
      meta(MakeMetaCertificate(NodePublic({1, 2, 3}), kNow)) {}

TlsServerOptions TestIdentity::Options() const {
  return {.chain = {leaf, ca}, .key = key, .meta_certificate = meta, .accept_sni = {}};
}

const TestIdentity& Identity() {
  static const TestIdentity identity;
  return identity;
}

std::shared_ptr<const TlsServerContext> MakeServer(TlsServerOptions options) {
  auto made = TlsServerContext::Make(std::move(options));
  if (!made) throw std::runtime_error(made.error().context);
  return *made;
}

TlsPair::TlsPair(TlsServerOptions options, TlsVersions client_versions,
                 std::string_view server_name)
    : client(TlsSession::Client(TlsClientContext::Make(client_versions), server_name)),
      server(TlsSession::Server(MakeServer(std::move(options)))) {}

void TlsPair::RunHandshake() {
  do {
    ByteView for_client(to_client);
    client_status = client.Handshake(for_client, to_server);
    to_client.clear();
    ByteView for_server(to_server);
    server_status = server.Handshake(for_server, to_client);
    to_server.clear();
  } while (!to_client.empty());
}

void TlsPair::RunHandshakeKeepingRest() {
  while (!connected()) {
    ByteView for_client(to_client);
    client_status = client.Handshake(for_client, to_server);
    to_client.erase(to_client.begin(),
                    to_client.end() - static_cast<std::ptrdiff_t>(for_client.size()));
    ByteView for_server(to_server);
    server_status = server.Handshake(for_server, to_client);
    to_server.clear();
    const bool failed = client_status == TlsStatus::kFailed || server_status == TlsStatus::kFailed;
    if (failed) return;
  }
}

Received ReadAll(TlsSession& session, ByteView ciphertext, Bytes& output) {
  Received received;
  std::array<std::uint8_t, 4096> chunk{};
  std::size_t count = 0;
  do {
    received.status = session.Read(ciphertext, output, chunk, &count);
    AppendBytes(received.plaintext, ByteView(chunk).first(count));
  } while (received.status == TlsStatus::kOk);
  return received;
}

Bytes Pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

}  // namespace derp::net::test
