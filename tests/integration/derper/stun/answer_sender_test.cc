#include "derper/stun/answer_sender.h"

#include <cerrno>
#include <netinet/in.h>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "common/base/clock.h"
#include "common/net/sockets.h"

namespace derp::relay {
namespace {

// A socket that answers, and what came to it from one client.
struct Client {
  net::Fd fd = net::BindUdp(SocketAddress::Parse("127.0.0.1:0").value()).value();
  sockaddr_storage name{};
  msghdr request{};

  Client() {
    request.msg_name = &name;
    request.msg_namelen = net::ToSockaddr(net::LocalAddress(fd.get()).value(), name);
  }
  std::string Next() const {
    auto datagram = net::ReceiveFrom(fd.get(), SystemClock().Now() + std::chrono::seconds(10));
    return datagram ? std::string(AsText(datagram->bytes)) : datagram.error().context;
  }
  bool IsEmpty() const { return !net::WaitReadable(fd.get(), SystemClock().Now()); }
};

net::Fd Server() { return net::BindUdp(SocketAddress::Parse("127.0.0.1:0").value()).value(); }

void Add(AnswerSender& sender, const Client& client, std::string& answer) {
  sender.Add(client.request,
             ByteSpan(reinterpret_cast<std::uint8_t*>(answer.data()), answer.size()));
}

}  // namespace

TEST_CASE("answers of several clients arrive one by one and in order", "[stun]") {
  const net::Fd server = Server();
  for (const bool segments : {false, AnswerSender::CanSegment(server.get())}) {
    CAPTURE(segments);
    AnswerSender sender(segments);
    const Client one;
    const Client two;
    std::vector<std::string> answers = {"one-1", "two-1", "one-2", "longer one", "one-3", "two-2"};
    for (std::string& answer : answers) {
      Add(sender, answer.starts_with("two") ? two : one, answer);
    }
    const AnswerSender::Sent sent = sender.Send(server.get());
    CHECK(sent.success == 6);
    CHECK(sent.failed == 0);
    std::vector<std::string> got = {one.Next(), one.Next(), one.Next(), one.Next()};
    std::erase(got, "longer one");  // one of another size goes its own way
    CHECK(got == std::vector<std::string>{"one-1", "one-2", "one-3"});
    CHECK(two.Next() == "two-1");
    CHECK(two.Next() == "two-2");
    CHECK(one.IsEmpty());
    CHECK(two.IsEmpty());
  }
}

TEST_CASE("a full batch to one client is sent", "[stun]") {
  const net::Fd server = Server();
  AnswerSender sender(AnswerSender::CanSegment(server.get()));
  const Client client;
  std::vector<std::string> answers(AnswerSender::kMost, "12345678901234567890123456789012");
  for (int round = 0; round < 2; ++round) {
    for (std::string& answer : answers) Add(sender, client, answer);
    CHECK(sender.Send(server.get()).success == AnswerSender::kMost);
    for (const std::string& answer : answers) CHECK(client.Next() == answer);
    CHECK(client.IsEmpty());
  }
}

TEST_CASE("where the kernel does not cut buffers, answers leave one by one", "[stun]") {
  const net::Fd server = Server();
  const int on = 1;  // Without checksums it refuses to cut.
  REQUIRE(::setsockopt(server.get(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
  AnswerSender sender(true);
  const Client client;
  for (int round = 0; round < 2; ++round) {
    std::string a = "first";
    std::string b = "later";
    Add(sender, client, a);
    Add(sender, client, b);
    const AnswerSender::Sent sent = sender.Send(server.get());
    CHECK(sent.success == 2);
    CHECK(sent.failed == 0);
    CHECK(client.Next() == "first");
    CHECK(client.Next() == "later");
    CHECK(client.IsEmpty());
  }
}

TEST_CASE("an answer that cannot be sent does not hold up the others", "[stun]") {
  const net::Fd server = Server();
  AnswerSender sender(AnswerSender::CanSegment(server.get()));
  const Client good;
  Client bad;
  bad.name.ss_family = AF_INET6;
  bad.request.msg_namelen = sizeof(sockaddr_in6);
  std::string a = "kept";
  std::string b = "lost";
  Add(sender, good, a);
  Add(sender, bad, b);
  Add(sender, bad, b);
  Add(sender, good, a);
  const AnswerSender::Sent sent = sender.Send(server.get());
  CHECK(sent.success == 2);
  CHECK(sent.failed == 2);
  CHECK(sent.last_errno == EAFNOSUPPORT);
  CHECK(good.Next() == "kept");
  CHECK(good.Next() == "kept");
}

}  // namespace derp::relay
