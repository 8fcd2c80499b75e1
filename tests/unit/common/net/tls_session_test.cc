#include "common/net/tls_session.h"

#include <algorithm>
#include <array>
#include <random>

#include <catch2/catch.hpp>

#include "tests/unit/common/net/tls_pair.h"

namespace derp::net {
namespace {

using test::Identity;
using test::Pattern;
using test::ReadAll;
using test::TlsPair;

using Cause = TlsFailure::Cause;

std::vector<std::string> Fingerprints(const std::vector<Certificate>& chain) {
  std::vector<std::string> result;
  for (const Certificate& certificate : chain) result.push_back(certificate.Sha256Hex());
  return result;
}

TEST_CASE("client and server agree on TLS 1.2 and on TLS 1.3", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13, TlsVersions::kFrom12);
  TlsPair pair(Identity().Options(), versions);
  CHECK(pair.client.version().empty());
  pair.RunHandshake();
  REQUIRE(pair.connected());
  const bool is_12 = versions == TlsVersions::kOnly12;
  CHECK(pair.client.version() == (is_12 ? "1.2" : "1.3"));
  CHECK(pair.server.version() == pair.client.version());
  CHECK(pair.server.is_tls13() == !is_12);
  CHECK(pair.server.cipher() == pair.client.cipher());
  CHECK_THAT(std::string(pair.server.cipher()), Catch::StartsWith("TLS_"));
  CHECK(pair.server.sni() == "relay.example.net");
  CHECK(pair.client.sni() == "relay.example.net");
}

TEST_CASE("a server with one version serves only clients that have it", "[net][tls]") {
  TlsServerOptions options = Identity().Options();
  options.versions = TlsVersions::kOnly13;
  TlsPair pair(std::move(options), TlsVersions::kOnly12);
  pair.RunHandshake();
  CHECK(pair.server_status == TlsStatus::kFailed);
  CHECK(pair.server.failure().cause == Cause::kVersion);
  CHECK(pair.client_status == TlsStatus::kFailed);
  CHECK(pair.client.failure().cause == Cause::kAlertReceived);
  CHECK(pair.client.failure().alert == 70);
  CHECK(pair.client.failure().text == "remote error: tls: protocol version not supported");
}

TEST_CASE("the meta certificate comes once and last, over any number of handshakes", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  const auto context = test::MakeServer(Identity().Options());
  const std::vector<std::string> expected =
      Fingerprints({Identity().leaf, Identity().ca, Identity().meta});
  for (int round = 0; round < 3; ++round) {
    TlsPair pair(Identity().Options(), versions);
    pair.server = TlsSession::Server(context);
    pair.RunHandshake();
    REQUIRE(pair.connected());
    CHECK(Fingerprints(pair.client.PeerCertificates()) == expected);
    CHECK(pair.server.PeerCertificates().empty());
  }
}

TEST_CASE("without a meta certificate the chain is what was given, trust anchors not added",
          "[net][tls]") {
  TlsServerOptions options = Identity().Options();
  options.chain = {Identity().leaf};
  options.meta_certificate.reset();
  TlsPair pair(std::move(options));
  pair.RunHandshake();
  REQUIRE(pair.connected());
  CHECK(Fingerprints(pair.client.PeerCertificates()) == Fingerprints({Identity().leaf}));
}

TEST_CASE("a server context refuses what cannot work, and says why", "[net][tls]") {
  TlsServerOptions no_chain = Identity().Options();
  no_chain.chain.clear();
  CHECK(TlsServerContext::Make(no_chain).error().context == "no certificate given");
  TlsServerOptions other_key = Identity().Options();
  other_key.key = Identity().ca_key;
  CHECK(TlsServerContext::Make(other_key).error().context ==
        "the private key does not belong to the first certificate");
}

TEST_CASE("the server decides by the name the client sends", "[net][tls]") {
  struct Row {
    std::string_view server_name;
    std::string sni;
  };
  const Row row = GENERATE(Row{"relay.example.net", "relay.example.net"},
                           Row{"relay.example.net.", "relay.example.net"}, Row{"", ""},
                           Row{"192.0.2.7", ""}, Row{"2001:db8::7", ""});
  CAPTURE(row.server_name);
  std::optional<std::string> seen;
  TlsServerOptions options = Identity().Options();
  options.accept_sni = [&seen](std::string_view sni) {
    seen = std::string(sni);
    return true;
  };
  TlsPair pair(std::move(options), TlsVersions::kFrom12, row.server_name);
  pair.RunHandshake();
  CHECK(pair.connected());
  CHECK(seen == row.sni);
  CHECK(pair.server.sni() == row.sni);
}

TEST_CASE("a refused name ends in the alert internal_error on both sides", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  TlsServerOptions options = Identity().Options();
  options.accept_sni = [](std::string_view sni) { return sni == "other.example.net"; };
  TlsPair pair(std::move(options), versions);
  pair.RunHandshake();
  CHECK(pair.server_status == TlsStatus::kFailed);
  CHECK(pair.server.failure().cause == Cause::kCertificate);
  CHECK(pair.server.failure().text == "cert mismatch with hostname: \"relay.example.net\"");
  CHECK(pair.client_status == TlsStatus::kFailed);
  CHECK(pair.client.failure().cause == Cause::kAlertReceived);
  CHECK(pair.client.failure().alert == 80);
  CHECK(pair.client.failure().text == "remote error: tls: internal error");
}

TEST_CASE("a name too long for TLS fails the session and not the program", "[net][tls]") {
  TlsPair pair(Identity().Options(), TlsVersions::kFrom12, std::string(300, 'a'));
  pair.RunHandshake();
  CHECK(pair.client_status == TlsStatus::kFailed);
  CHECK(pair.client.failure().text == "tls: the server name is too long");
}

TEST_CASE("data passes both ways in records of any size", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  const auto size = GENERATE(as<std::size_t>(), 1, 1400, 16384, 16385, 1U << 20U);
  CAPTURE(size);
  TlsPair pair(Identity().Options(), versions);
  pair.RunHandshake();
  REQUIRE(pair.connected());
  const Bytes plaintext = Pattern(size);

  Bytes wire;
  Bytes answers;
  REQUIRE(pair.client.Write(plaintext, wire) == TlsStatus::kOk);
  const std::size_t records = (size + 16383) / 16384;
  CHECK(wire.size() > size);
  CHECK(wire.size() <= size + records * 64);  // one head and tag per 16 KiB
  CHECK((ReadAll(pair.server, wire, answers).plaintext == plaintext));

  wire.clear();
  REQUIRE(pair.server.Write(plaintext, wire) == TlsStatus::kOk);
  const auto received = ReadAll(pair.client, wire, answers);
  CHECK((received.plaintext == plaintext));
  CHECK(received.status == TlsStatus::kWantRead);
  CHECK(answers.empty());
}

TEST_CASE("a handshake succeeds byte by byte", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  TlsPair pair(Identity().Options(), versions);
  ByteView nothing;
  REQUIRE(pair.client.Handshake(nothing, pair.to_server) == TlsStatus::kWantRead);
  while (!pair.connected()) {
    REQUIRE_FALSE((pair.to_server.empty() && pair.to_client.empty()));
    for (const std::uint8_t byte : std::exchange(pair.to_server, {})) {
      ByteView one(&byte, 1);
      REQUIRE(pair.server.Handshake(one, pair.to_client) != TlsStatus::kFailed);
      CHECK(one.empty());
    }
    for (const std::uint8_t byte : std::exchange(pair.to_client, {})) {
      ByteView one(&byte, 1);
      REQUIRE(pair.client.Handshake(one, pair.to_server) != TlsStatus::kFailed);
      CHECK(one.empty());
    }
  }
}

TEST_CASE("ciphertext may be cut anywhere", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  const auto most = GENERATE(as<std::size_t>(), 1, 7, 3000);
  TlsPair pair(Identity().Options(), versions);
  pair.RunHandshake();
  REQUIRE(pair.connected());
  const Bytes plaintext = Pattern(40'000);
  Bytes wire;
  for (std::size_t at = 0; at < plaintext.size(); at += 1000) {
    REQUIRE(pair.client.Write(ByteView(plaintext).subspan(at, 1000), wire) == TlsStatus::kOk);
  }
  std::minstd_rand random(42);
  std::uniform_int_distribution<std::size_t> length(1, most);
  Bytes received;
  Bytes answers;
  for (ByteView rest(wire); !rest.empty();) {
    const ByteView piece = rest.first(std::min(length(random), rest.size()));
    rest = rest.subspan(piece.size());
    const auto got = ReadAll(pair.server, piece, answers);
    REQUIRE(got.status == TlsStatus::kWantRead);
    AppendBytes(received, got.plaintext);
  }
  CHECK((received == plaintext));
}

TEST_CASE("a record is handed out in pieces when the reader's buffer is small", "[net][tls]") {
  TlsPair pair(Identity().Options());
  pair.RunHandshake();
  Bytes wire;
  Bytes answers;
  const Bytes plaintext = Pattern(10);
  REQUIRE(pair.client.Write(plaintext, wire) == TlsStatus::kOk);
  ByteView input(wire);
  std::array<std::uint8_t, 4> out{};
  std::size_t count = 0;
  CHECK_FALSE(pair.server.has_plaintext());
  REQUIRE(pair.server.Read(input, answers, out, &count) == TlsStatus::kOk);
  CHECK(count == 4);
  CHECK(input.empty());
  CHECK(pair.server.has_plaintext());
  REQUIRE(pair.server.Read(input, answers, out, &count) == TlsStatus::kOk);
  REQUIRE(pair.server.Read(input, answers, out, &count) == TlsStatus::kOk);
  CHECK(count == 2);
  CHECK(pair.server.Read(input, answers, out, &count) == TlsStatus::kWantRead);
  CHECK(count == 0);
}

TEST_CASE("data that follows the handshake in the same bytes is not lost", "[net][tls]") {
  TlsPair pair(Identity().Options(), TlsVersions::kOnly13);
  ByteView nothing;
  REQUIRE(pair.client.Handshake(nothing, pair.to_server) == TlsStatus::kWantRead);
  ByteView hello(pair.to_server);
  REQUIRE(pair.server.Handshake(hello, pair.to_client) == TlsStatus::kWantRead);
  ByteView flight(pair.to_client);
  Bytes finished;
  REQUIRE(pair.client.Handshake(flight, finished) == TlsStatus::kOk);
  REQUIRE(pair.client.Write(AsBytes("GET /derp"), finished) == TlsStatus::kOk);

  ByteView input(finished);
  Bytes output;
  REQUIRE(pair.server.Handshake(input, output) == TlsStatus::kOk);
  CHECK(AsText(ReadAll(pair.server, input, output).plaintext) == "GET /derp");
}

TEST_CASE("close_notify is an orderly end, and stays one", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  TlsPair pair(Identity().Options(), versions);
  pair.RunHandshake();
  Bytes wire;
  Bytes answers;
  REQUIRE(pair.client.Write(AsBytes("last words"), wire) == TlsStatus::kOk);
  pair.client.Shutdown(wire);
  const std::size_t size = wire.size();
  pair.client.Shutdown(wire);
  CHECK(wire.size() == size);  // it is sent once

  auto received = ReadAll(pair.server, wire, answers);
  CHECK(AsText(received.plaintext) == "last words");
  CHECK(received.status == TlsStatus::kClosed);
  CHECK(ReadAll(pair.server, {}, answers).status == TlsStatus::kClosed);
  REQUIRE(pair.server.Write(AsBytes("answer"), answers) == TlsStatus::kOk);
}

TEST_CASE("first bytes that are no TLS are told apart at once and answered by nothing",
          "[net][tls]") {
  const auto text = GENERATE(as<std::string>(), "GET / HTTP/1.1\r\n\r\n", "S",
                             "SSH-2.0-OpenSSH_9.2\r\n", std::string("\x16\x02\x00", 3),
                             std::string("\x80\x2e\x01\x03\x01", 5), std::string(4, '\0'));
  CAPTURE(text);
  TlsPair pair(Identity().Options());
  ByteView input = AsBytes(text);
  CHECK(pair.server.Handshake(input, pair.to_client) == TlsStatus::kFailed);
  CHECK(pair.server.failure().cause == Cause::kNotTls);
  CHECK(pair.server.failure().text == "tls: first record does not look like a TLS handshake");
  CHECK(input.size() == text.size());
  CHECK(pair.to_client.empty());
  input = AsBytes("more");
  CHECK(pair.server.Handshake(input, pair.to_client) == TlsStatus::kFailed);

  ByteView nothing;
  REQUIRE(pair.client.Handshake(nothing, pair.to_server) == TlsStatus::kWantRead);
  input = AsBytes(text);
  CHECK(pair.client.Handshake(input, pair.to_server) == TlsStatus::kFailed);
  CHECK(pair.client.failure().cause == Cause::kNotTls);
}

TEST_CASE("garbage in a TLS record's clothes fails with an alert", "[net][tls]") {
  TlsPair pair(Identity().Options());
  const Bytes garbage = {0x16, 0x03, 0x01, 0x00, 0x04, 0xff, 0xff, 0xff, 0xff};
  ByteView input(garbage);
  CHECK(pair.server.Handshake(input, pair.to_client) == TlsStatus::kFailed);
  CHECK(pair.server.failure().cause == Cause::kProtocol);
  CHECK_THAT(pair.server.failure().text, Catch::StartsWith("tls: "));
  REQUIRE(pair.to_client.size() == 7);
  CHECK(pair.to_client[0] == 0x15);  // an alert record
}

TEST_CASE("a changed byte of a record fails the session with bad_record_mac", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  TlsPair pair(Identity().Options(), versions);
  pair.RunHandshake();
  Bytes wire;
  Bytes answers;
  REQUIRE(pair.client.Write(AsBytes("hello"), wire) == TlsStatus::kOk);
  wire.back() ^= 1U;
  CHECK(ReadAll(pair.server, wire, answers).status == TlsStatus::kFailed);
  CHECK(ReadAll(pair.server, wire, answers).status == TlsStatus::kFailed);
  Bytes more;
  CHECK(pair.server.Write(AsBytes("x"), more) == TlsStatus::kFailed);
  CHECK(more.empty());

  CHECK(ReadAll(pair.client, answers, more).status == TlsStatus::kFailed);
  CHECK(pair.client.failure().text == "remote error: tls: bad record MAC");
  CHECK(pair.client.failure().alert == 20);
}

TEST_CASE("a session goes on after its buffers were given back", "[net][tls]") {
  TlsPair pair(Identity().Options());
  pair.RunHandshake();
  Bytes answers;
  for (int round = 0; round < 3; ++round) {
    pair.client.ReleaseBuffers();
    pair.server.ReleaseBuffers();
    Bytes wire;
    REQUIRE(pair.client.Write(AsBytes("hello"), wire) == TlsStatus::kOk);
    const auto half = ByteView(wire).first(wire.size() / 2);
    CHECK(ReadAll(pair.server, half, answers).plaintext.empty());
    pair.server.ReleaseBuffers();  // half a record is inside: it must stay
    const auto rest = ByteView(wire).subspan(half.size());
    CHECK(AsText(ReadAll(pair.server, rest, answers).plaintext) == "hello");
  }
}

TEST_CASE("no ticket follows the handshake", "[net][tls]") {
  TlsPair pair(Identity().Options(), TlsVersions::kOnly13);
  pair.RunHandshake();
  REQUIRE(pair.connected());
  CHECK(pair.to_client.empty());
}

TEST_CASE("a client goes on with a session by the server's ticket", "[net][tls]") {
  TlsServerOptions options = Identity().Options();
  options.tickets = true;
  const auto server = test::MakeServer(std::move(options));
  TlsPair pair(Identity().Options());
  pair.server = TlsSession::Server(server);
  CHECK(pair.client.Ticket() == nullptr);
  pair.RunHandshakeKeepingRest();
  REQUIRE(pair.connected());
  CHECK_FALSE(pair.client.resumed());
  Bytes answer;
  ReadAll(pair.client, pair.to_client, answer);
  const auto ticket = pair.client.Ticket();
  REQUIRE(ticket != nullptr);

  TlsPair again(Identity().Options());
  again.server = TlsSession::Server(server);
  again.client = TlsSession::Client(TlsClientContext::Make(), "relay.example.net", ticket);
  again.RunHandshakeKeepingRest();
  REQUIRE(again.connected());
  CHECK(again.client.resumed());
  CHECK(Fingerprints(again.client.PeerCertificates()) ==
        Fingerprints(pair.client.PeerCertificates()));

  // Another server cannot read it, and the handshake is a full one.
  TlsPair elsewhere(Identity().Options());
  elsewhere.client = TlsSession::Client(TlsClientContext::Make(), "relay.example.net", ticket);
  elsewhere.RunHandshakeKeepingRest();
  REQUIRE(elsewhere.connected());
  CHECK_FALSE(elsewhere.client.resumed());
  CHECK(elsewhere.client.PeerCertificates().size() == 3);
}

TEST_CASE("without tickets, or with TLS 1.2, there is nothing to go on with", "[net][tls]") {
  const bool tickets = GENERATE(false, true);
  TlsServerOptions options = Identity().Options();
  options.tickets = tickets;
  TlsPair pair(std::move(options), tickets ? TlsVersions::kOnly12 : TlsVersions::kFrom12);
  pair.RunHandshakeKeepingRest();
  REQUIRE(pair.connected());
  Bytes answer;
  ReadAll(pair.client, pair.to_client, answer);
  CHECK(pair.client.Ticket() == nullptr);
}

// Keeps what it is given and how often that was said to be the last.
struct KeptRecords final : RecordSink {
  void OnRecord(ByteView record, bool is_last) override {
    AppendBytes(bytes, record);
    lasts.push_back(is_last);
  }
  Bytes bytes;
  std::vector<bool> lasts;
};

TEST_CASE("a sink gets each record as it is made and learns which is the last", "[net][tls]") {
  const auto versions = GENERATE(TlsVersions::kOnly12, TlsVersions::kOnly13);
  constexpr std::size_t kRecord = 16384;
  const std::size_t size = GENERATE(1U, 16384U, 16385U, 49152U, 65535U);
  TlsPair pair(Identity().Options(), versions);
  pair.RunHandshake();
  REQUIRE(pair.connected());
  const Bytes sent = Pattern(size);
  KeptRecords kept;
  REQUIRE(pair.server.Write(sent, kept) == TlsStatus::kOk);
  std::vector<bool> expected((size + kRecord - 1) / kRecord, false);
  expected.back() = true;
  CHECK(kept.lasts == expected);
  Bytes answer;
  CHECK(ReadAll(pair.client, kept.bytes, answer).plaintext == sent);
}

TEST_CASE("nothing to write makes no record", "[net][tls]") {
  TlsPair pair(Identity().Options());
  pair.RunHandshake();
  KeptRecords kept;
  CHECK(pair.server.Write({}, kept) == TlsStatus::kOk);
  CHECK(kept.lasts.empty());
}

TEST_CASE("a record that is cut anywhere is waited for, and spoilt it is refused", "[net][tls]") {
  TlsPair pair(Identity().Options(), TlsVersions::kOnly13);
  pair.RunHandshake();
  Bytes record;
  REQUIRE(pair.client.Write(Pattern(40), record) == TlsStatus::kOk);
  Bytes answer;
  for (const std::uint8_t& byte : ByteView(record).first(record.size() - 1)) {
    CHECK(ReadAll(pair.server, ByteView(&byte, 1), answer).status == TlsStatus::kWantRead);
  }
  record.back() ^= 1U;
  CHECK(ReadAll(pair.server, ByteView(record).last(1), answer).status == TlsStatus::kFailed);
  CHECK(pair.server.failure().cause == Cause::kProtocol);
  CHECK_FALSE(answer.empty());  // the alert
}

}  // namespace
}  // namespace derp::net
