// A TLS client and server in memory, and the certificates they need.
#pragma once

#include "common/net/tls_session.h"

namespace derp::net::test {

inline const WallTime kNow = FromUnixSeconds(1'795'000'000);  // 2026-11-18

// A certificate authority with a leaf for "relay.example.net", and a meta certificate.
struct TestIdentity {
  PrivateKey ca_key = PrivateKey::GenerateP256();
  PrivateKey key = PrivateKey::GenerateP256();
  Certificate ca;
  Certificate leaf;
  Certificate meta;
  TestIdentity();
  TlsServerOptions Options() const;  // leaf, CA, meta
};
// Made once: keys cost time.
const TestIdentity& Identity();

std::shared_ptr<const TlsServerContext> MakeServer(TlsServerOptions options);

// Two sessions whose ciphertext is carried by hand.
struct TlsPair {
  explicit TlsPair(TlsServerOptions options, TlsVersions client_versions = TlsVersions::kFrom12,
                   std::string_view server_name = "relay.example.net");
  // Carries bytes to and fro until nobody has any left. Both statuses are those of the last calls.
  void RunHandshake();
  // The same, but what the server sent after the client was done stays in `to_client`.
  void RunHandshakeKeepingRest();
  bool connected() const { return client.handshake_done() && server.handshake_done(); }

  TlsSession client;
  TlsSession server;
  Bytes to_server;
  Bytes to_client;
  TlsStatus client_status = TlsStatus::kWantRead;
  TlsStatus server_status = TlsStatus::kWantRead;
};

// Decrypts everything that `ciphertext` holds.
struct Received {
  Bytes plaintext;
  TlsStatus status = TlsStatus::kWantRead;
};
Received ReadAll(TlsSession& session, ByteView ciphertext, Bytes& output);

// Bytes that differ from their neighbours.
Bytes Pattern(std::size_t size);

}  // namespace derp::net::test
