#include "common/net/resolver.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "common/net/dns_reason.h"
#include "common/net/sockets.h"

namespace derp::net {
namespace {

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

// A DNS server that answers every question with the same response code and no records.
class FakeDns {
 public:
  explicit FakeDns(std::uint8_t code) {
    auto socket = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
    REQUIRE(socket.has_value());
    socket_ = std::move(*socket);
    address_ = *LocalAddress(socket_.get());
    thread_ = std::thread([this, code] {
      for (;;) {
        auto query = ReceiveFrom(socket_.get(), In(std::chrono::seconds(20)));
        if (!query || query->bytes.size() < 12) return;
        query->bytes[2] = 0x81;  // a response, recursion desired
        query->bytes[3] = static_cast<std::uint8_t>(0x80 | code);
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
