#include "common/net/resolver.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "common/net/dns_reason.h"
#include "common/net/sockets.h"
#include "common/net/txt_lookup.h"

namespace derp::net {
namespace {

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

// A DNS server that answers every question with the same response code and the same records, which
// are given as they stand in the message.
class FakeDns {
 public:
  explicit FakeDns(std::uint8_t code, const std::vector<std::string>& records = {}) {
    auto socket = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
    REQUIRE(socket.has_value());
    socket_ = std::move(*socket);
    address_ = *LocalAddress(socket_.get());
    thread_ = std::thread([this, code, records] {
      for (;;) {
        auto query = ReceiveFrom(socket_.get(), In(std::chrono::seconds(20)));
        if (!query || query->bytes.size() < 12) return;
        query->bytes[2] = 0x81;  // a response, recursion desired
        query->bytes[3] = static_cast<std::uint8_t>(0x80 | code);
        query->bytes[7] = static_cast<std::uint8_t>(records.size());
        for (const std::string& record : records) AppendText(query->bytes, record);
        if (!SendTo(socket_.get(), query->bytes, query->source)) return;
      }
    });
  }
  ~FakeDns() {
    // Too short for a question: ends the thread.
    static_cast<void>(SendTo(socket_.get(), AsBytes("x"), address_).has_value());
    thread_.join();
  }
  std::string address() const { return address_.ToString(); }

 private:
  Fd socket_;
  SocketAddress address_;
  std::thread thread_;
};

TEST_CASE("what DNS servers say tells the reasons apart", "[net]") {
  const auto [code, failure] = GENERATE(table<std::uint8_t, DnsFailure>({
      {std::uint8_t{0}, DnsFailure::kNoAddress},
      {std::uint8_t{2}, DnsFailure::kServerFailure},
      {std::uint8_t{3}, DnsFailure::kNotFound},
      {std::uint8_t{5}, DnsFailure::kServerFailure},
  }));
  CAPTURE(code);
  const FakeDns server(code);
  const DnsReason reason = AskDnsServers("relay.test", AddressFamily::kIpv4,
                                         In(std::chrono::seconds(20)), server.address());
  CHECK(reason.failure == failure);
  CHECK(reason.server == server.address());
}

// A TXT record of the name asked for, with its strings.
std::string TxtRecord(const std::vector<std::string>& strings) {
  std::string data;
  for (const std::string& text : strings) data += static_cast<char>(text.size()) + text;
  std::string record("\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0", 11);
  return record + static_cast<char>(data.size()) + data;
}

TEST_CASE("TXT records come whole, one string each", "[net]") {
  const FakeDns server(0, {TxtRecord({"25"}), TxtRecord({"joi", "ned"}), TxtRecord({""})});
  const auto texts = LookupTxt("share.relay.test", In(std::chrono::seconds(20)), server.address());
  REQUIRE(texts.has_value());
  CHECK(*texts == std::vector<std::string>{"25", "joined", ""});
}

TEST_CASE("why there is no TXT record is told in Go's words", "[net]") {
  const FakeDns missing(3);
  const auto nothing =
      LookupTxt("share.relay.test", In(std::chrono::seconds(20)), missing.address());
  REQUIRE_FALSE(nothing.has_value());
  CHECK(nothing.error().failure == DnsFailure::kNotFound);
  CHECK(nothing.error().text ==
        "lookup share.relay.test on " + missing.address() + ": no such host");
  const FakeDns cut(0, {TxtRecord({"25"}).substr(0, 13)});
  const auto broken = LookupTxt("share.relay.test", In(std::chrono::seconds(20)), cut.address());
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().failure == DnsFailure::kServerFailure);
  CHECK_FALSE(LookupTxt("", In(std::chrono::seconds(1))).has_value());
  CHECK_FALSE(LookupTxt(std::string(300, 'a'), In(std::chrono::seconds(1))).has_value());
}

TEST_CASE("a silent DNS server is a time-out, at the deadline", "[net]") {
  const auto silent = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
  REQUIRE(silent.has_value());
  const DnsReason reason =
      AskDnsServers("relay.test", AddressFamily::kIpv6, In(std::chrono::milliseconds(20)),
                    LocalAddress(silent->get())->ToString());
  CHECK(reason.failure == DnsFailure::kTimeout);
}

TEST_CASE("localhost resolves by the system", "[net]") {
  SystemResolver resolver;
  const auto found =
      resolver.Resolve("localhost", AddressFamily::kIpv4, In(std::chrono::seconds(20)));
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front() == *IpAddress::Parse("127.0.0.1"));
}

}  // namespace
}  // namespace derp::net
