#include "stunc/run.h"

#include <memory>
#include <regex>
#include <sstream>

#include <catch2/catch.hpp>

#include "common/crypto/random.h"
#include "common/net/sockets.h"
#include "stunc/report_text.h"
#include "tests/support/scripted_server.h"

namespace derp::stunc {
namespace {

using test::Answer;
using test::ScriptedServer;
using namespace std::chrono_literals;

// Gives the addresses a test lists, whatever the name.
class ListResolver final : public net::Resolver {
 public:
  explicit ListResolver(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {}
  Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view name,
                                                          std::optional<AddressFamily>,
                                                          TimePoint) override {
    if (addresses_.empty()) {
      return Fail(net::DnsError{net::DnsFailure::kNotFound,
                                "lookup " + std::string(name) + ": no such host"});
    }
    std::vector<IpAddress> found;
    for (const std::string& text : addresses_) found.push_back(IpAddress::Parse(text).value());
    return found;
  }

 private:
  std::vector<std::string> addresses_;
};

struct Outcome {
  int exit_code = -1;
  std::string results;
  std::string errors;
};

Outcome RunWith(Options options, const std::vector<std::string>& addresses, bool extras = false) {
  options.target.host = "stun.example.net";
  ListResolver resolver(addresses);
  const SystemClock clock;
  SystemRandom random;
  const cli::Terminal terminal;
  std::ostringstream results;
  std::ostringstream errors;
  TextReport report({.extras = extras, .attributes = false, .series = options.count > 1}, terminal,
                    results, errors);
  const int exit_code = Run(options, {resolver, clock, random}, report);
  return {exit_code, results.str(), errors.str()};
}

Options OptionsFor(std::uint16_t port, Duration timeout = 10s) {
  Options options;
  options.target.port = port;
  options.timeout = timeout;
  options.timeout_set = true;
  return options;
}

std::vector<Answer> RightAnswer(const stun::TransactionId& id, const SocketAddress& source,
                                unsigned) {
  return {{stun::BuildResponse(id, source)}};
}

bool Matches(const std::string& text, const std::string& pattern) {
  CAPTURE(text, pattern);
  return std::regex_match(text, std::regex(pattern));
}

// The reference's lines for an answer over IPv4.
std::string ThreeLines(const std::string& ip, std::uint16_t port) {
  const std::string at = ip + ":" + std::to_string(port);
  return "sent addr: " + at + "\nfrom addr: \\[::ffff:" + ip + "\\]:" + std::to_string(port) +
         "\nstun addr: 127\\.0\\.0\\.1:[0-9]+\n";
}

}  // namespace

TEST_CASE("an answer gives the reference's lines", "[stunc]") {
  const ScriptedServer server("127.0.0.1:0", RightAnswer);
  const Outcome outcome = RunWith(OptionsFor(server.address().port), {"127.0.0.1"});
  CHECK(outcome.exit_code == 0);
  CHECK(Matches(outcome.results, ThreeLines("127.0.0.1", server.address().port)));
  CHECK(outcome.errors.empty());
}

TEST_CASE("an IPv6 server is asked over IPv6", "[stunc]") {
  if (!net::BindUdp(SocketAddress::Parse("[::1]:0").value())) {
    WARN("skipped: this machine has no IPv6");
    return;
  }
  const ScriptedServer server("[::1]:0", RightAnswer);
  const Outcome outcome = RunWith(OptionsFor(server.address().port), {"::1"}, true);
  CHECK(outcome.exit_code == 0);
  const std::string at = "\\[::1\\]:" + std::to_string(server.address().port);
  CHECK(Matches(outcome.results, "sent addr: " + at + "\nfrom addr: " + at +
                                     "\nstun addr: \\[::1\\]:[0-9]+\n"
                                     "rtt: [0-9.]+ ms \\(try 1 of 1\\); no NAT in between\n"));
}

TEST_CASE("strays before the answer do no harm", "[stunc]") {
  const ScriptedServer server("127.0.0.1:0", [](const auto& id, const auto& source, unsigned) {
    stun::TransactionId other = id;
    other.bytes[0] ^= 1;
    const Bytes junk = {'j', 'u', 'n', 'k'};
    return std::vector<Answer>{
        {junk}, {stun::BuildResponse(other, source)}, {stun::BuildResponse(id, source)}};
  });
  CHECK(RunWith(OptionsFor(server.address().port), {"127.0.0.1"}).exit_code == 0);
}

TEST_CASE("when only strays came the last of them is told", "[stunc]") {
  const ScriptedServer junk("127.0.0.1:0", [](const auto&, const auto&, unsigned) {
    return std::vector<Answer>{{Bytes{'j', 'u', 'n', 'k'}}};
  });
  const Outcome one = RunWith(OptionsFor(junk.address().port, 200ms), {"127.0.0.1"});
  CHECK(one.exit_code == 1);
  CHECK(one.errors == "response is not a STUN packet\n");

  const ScriptedServer mismatch("127.0.0.1:0", [](const auto&, const auto& source, unsigned) {
    return std::vector<Answer>{{stun::BuildResponse({}, source)}};
  });
  const Outcome other = RunWith(OptionsFor(mismatch.address().port, 200ms), {"127.0.0.1"}, true);
  CHECK(other.exit_code == 1);
  CHECK(Matches(other.errors.substr(0, other.errors.find('\n')),
                "txid mismatch: got \\[0( 0){11}\\], want \\[[0-9]+( [0-9]+){11}\\]"));
  CHECK(other.errors.find("\nerror[stun.malformed] ") != std::string::npos);
}

TEST_CASE("silence reads as the reference's time-out", "[stunc]") {
  const ScriptedServer server(
      "127.0.0.1:0", [](const auto&, const auto&, unsigned) { return std::vector<Answer>{}; });
  for (const Duration timeout : {Duration(30ms), Duration(0), Duration(-1s)}) {
    const Outcome outcome = RunWith(OptionsFor(server.address().port, timeout), {"127.0.0.1"});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.results.empty());
    CHECK(Matches(outcome.errors, "read udp \\[::\\]:[0-9]+: i/o timeout\n"));
  }
  const Outcome told = RunWith(OptionsFor(server.address().port, 30ms), {"127.0.0.1"}, true);
  CHECK(told.errors.find("error[stun.no_reply] 127.0.0.1:") != std::string::npos);
}

TEST_CASE("a closed port is told from a silent one", "[stunc]") {
  auto closed = net::BindUdp(SocketAddress::Parse("127.0.0.1:0").value());
  REQUIRE(closed.has_value());
  const std::uint16_t port = net::LocalAddress(closed->get())->port;
  closed->Close();
  const Outcome outcome = RunWith(OptionsFor(port, 100ms), {"127.0.0.1"}, true);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find(": i/o timeout\nerror[stun.refused] ") != std::string::npos);
}

TEST_CASE("what cannot be sent is told as the reference tells it", "[stunc]") {
  const Outcome outcome = RunWith(OptionsFor(0), {"127.0.0.1"});
  CHECK(outcome.exit_code == 1);
  CHECK(Matches(outcome.errors,
                "write udp \\[::\\]:[0-9]+->127\\.0\\.0\\.1:0: sendto: invalid argument\n"));
}

TEST_CASE("an answer from another port counts, and is pointed out", "[stunc]") {
  const ScriptedServer server("127.0.0.1:0", [](const auto& id, const auto& source, unsigned) {
    return std::vector<Answer>{{stun::BuildResponse(id, source), true}};
  });
  const Outcome outcome = RunWith(OptionsFor(server.address().port), {"127.0.0.1"}, true);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.results.find("\nerror[stun.foreign_source] 127.0.0.1:") != std::string::npos);
}

TEST_CASE("an unanswered request is sent again with the same transaction", "[stunc]") {
  std::vector<stun::TransactionId> ids;
  auto server = std::make_unique<ScriptedServer>(
      "127.0.0.1:0", [&ids](const auto& id, const auto& source, unsigned number) {
        ids.push_back(id);
        return number == 1 ? std::vector<Answer>{} : RightAnswer(id, source, number);
      });
  Options options = OptionsFor(server->address().port);
  options.retries = 2;
  const Outcome outcome = RunWith(options, {"127.0.0.1"}, true);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.results.find("(try 2 of 3)") != std::string::npos);
  REQUIRE(server->requests() == 2);
  server.reset();  // Ends the thread that writes to `ids`.
  CHECK(ids[0] == ids[1]);
}

TEST_CASE("a series goes on after a loss", "[stunc]") {
  const ScriptedServer server("127.0.0.1:0", [](const auto& id, const auto& source, unsigned n) {
    return n == 2 ? std::vector<Answer>{} : RightAnswer(id, source, n);
  });
  Options options = OptionsFor(server.address().port, 300ms);
  options.count = 3;
  options.interval = 10ms;
  const Outcome outcome = RunWith(options, {"127.0.0.1"});
  CHECK(outcome.exit_code == 0);
  CHECK(Matches(outcome.results.substr(outcome.results.find("1: ")),
                "1: [0-9.]+ ms\n2: no reply in [0-9]+ ms\n3: [0-9.]+ ms\n"
                "3 sent, 2 received, 33\\.3 % lost; round trip min [0-9.]+ ms, "
                "median [0-9.]+ ms, max [0-9.]+ ms\n"));
  CHECK(outcome.errors.empty());
}

TEST_CASE("of several addresses the first IPv4 one is asked, or all", "[stunc]") {
  const ScriptedServer server("0.0.0.0:0", RightAnswer);
  Options options = OptionsFor(server.address().port, 200ms);
  const std::vector<std::string> addresses = {"::1", "127.0.0.1", "127.0.0.1"};
  const Outcome one = RunWith(options, addresses);
  CHECK(one.exit_code == 0);
  CHECK(Matches(one.results, ThreeLines("127.0.0.1", server.address().port)));

  options.all_addresses = true;
  const Outcome all = RunWith(options, addresses);
  CHECK(all.exit_code == 1);  // Nobody answers over IPv6.
  const std::string lines = ThreeLines("127.0.0.1", server.address().port);
  CHECK(Matches(all.results, lines + lines));
  CHECK_FALSE(all.errors.empty());

  options.family = AddressFamily::kIpv4;
  CHECK(RunWith(options, addresses).exit_code == 0);
}

TEST_CASE("a name without a usable address is an error", "[stunc]") {
  Options options = OptionsFor(3478);
  const Outcome unknown = RunWith(options, {});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.errors == "lookup stun.example.net: no such host\n");
  options.family = AddressFamily::kIpv6;
  const Outcome other_family = RunWith(options, {"127.0.0.1"});
  CHECK(other_family.exit_code == 1);
  CHECK(other_family.errors == "lookup stun.example.net: no IPv6 address\n");
}

}  // namespace derp::stunc
