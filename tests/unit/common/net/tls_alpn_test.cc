// ALPN is tried with OpenSSL's own client: ours never offers a protocol.
#include <array>
#include <memory>

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include "tests/unit/common/net/tls_pair.h"

namespace derp::net {
namespace {

// An OpenSSL client over memory BIOs that offers `protocols` (the extension's wire form).
class AlpnClient {
 public:
  AlpnClient(ByteView protocols, int version)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(SSL_new(context_.get()), SSL_free) {
    SSL_set_min_proto_version(ssl_.get(), version);
    SSL_set_max_proto_version(ssl_.get(), version);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    if (!protocols.empty()) {
      REQUIRE(SSL_set_alpn_protos(ssl_.get(), protocols.data(),
                                  static_cast<unsigned>(protocols.size())) == 0);
    }
  }

  // Takes what the server sent and returns what is to be sent.
  Bytes Step(ByteView input) {
    BIO_write(SSL_get_rbio(ssl_.get()), input.data(), static_cast<int>(input.size()));
    SSL_do_handshake(ssl_.get());
    Bytes output(16384);
    const int size =
        BIO_read(SSL_get_wbio(ssl_.get()), output.data(), static_cast<int>(output.size()));
    output.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return output;
  }

  std::string selected() const {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &data, &size);
    return std::string(AsText(ByteView(data, size)));
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

struct Row {
  std::string_view what;
  std::string_view protocols;
  bool accepted;
  std::string_view selected;
};

TEST_CASE("a client gets http/1.1, no protocol, or a refusal", "[net][tls]") {
  const Row row = GENERATE(
      Row{"none offered", "", true, ""}, Row{"http/1.1", "\x08http/1.1", true, "http/1.1"},
      Row{"h2 first", "\x02h2\x08http/1.1", true, "http/1.1"}, Row{"h2 only", "\x02h2", false, ""},
      Row{"a longer name", "\x09http/1.1x", false, ""},
      Row{"unknown",
          "\x03"
          "foo\x03"
          "bar",
          false, ""});
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  CAPTURE(row.what, version);
  AlpnClient client(AsBytes(row.protocols), version);
  TlsSession server = TlsSession::Server(test::MakeServer(test::Identity().Options()));

  Bytes to_client;
  TlsStatus status = TlsStatus::kWantRead;
  while (status == TlsStatus::kWantRead) {
    const Bytes to_server = client.Step(to_client);
    REQUIRE_FALSE(to_server.empty());
    to_client.clear();
    ByteView input(to_server);
    status = server.Handshake(input, to_client);
  }
  client.Step(to_client);
  if (row.accepted) {
    CHECK(status == TlsStatus::kOk);
    CHECK(client.selected() == row.selected);
    return;
  }
  CHECK(status == TlsStatus::kFailed);
  CHECK(server.failure().cause == TlsFailure::Cause::kProtocol);
  CHECK(server.failure().text == "tls: client requested unsupported application protocols");
  const Bytes alert = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 120};  // fatal no_application_protocol
  CHECK(to_client == alert);
}

}  // namespace
}  // namespace derp::net
