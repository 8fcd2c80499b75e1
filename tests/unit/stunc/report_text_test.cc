#include "stunc/report_text.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "tests/unit/stunc/sample.h"

namespace derp::stunc {
namespace {

using test::AskedAt;
using test::Failed;
using test::Replied;
using namespace std::chrono_literals;

const Asked kAsked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
const std::string kThreeLines =
    "sent addr: 192.0.2.51:3478\n"
    "from addr: [::ffff:192.0.2.51]:3478\n"
    "stun addr: 203.0.113.7:41641\n";

struct Written {
  std::string results;
  std::string errors;
};

Written Write(const TextStyle& style, const std::vector<QueryResult>& queries) {
  const cli::Terminal terminal;
  std::ostringstream results;
  std::ostringstream errors;
  TextReport report(style, terminal, results, errors);
  Series series;
  for (const QueryResult& query : queries) {
    if (query.reply) {
      series.AddReply(query.reply->match.rtt, query.reply->match.mapped);
    } else {
      series.AddLoss();
    }
    report.OnQuery(kAsked, static_cast<unsigned>(series.sent()), query);
  }
  report.OnAddressEnd(kAsked, queries.back(), series);
  report.OnEnd(0);
  return {results.str(), errors.str()};
}

}  // namespace

TEST_CASE("a pipe gets the reference's bytes and nothing else", "[stunc]") {
  const Written good = Write({}, {Replied(kAsked, "203.0.113.7:41641")});
  CHECK(good.results == kThreeLines);
  CHECK(good.errors.empty());
  const Written bad = Write({}, {Failed(Failure::kNoReply, "read udp [::]:50123: i/o timeout")});
  CHECK(bad.results.empty());
  CHECK(bad.errors == "read udp [::]:50123: i/o timeout\n");
}

TEST_CASE("a terminal gets the round trip and what it means", "[stunc]") {
  const Written good = Write({.extras = true}, {Replied(kAsked, "203.0.113.7:41641")});
  CHECK(good.results ==
        kThreeLines + "rtt: 4.2 ms (try 1 of 1); you are behind NAT (local 10.0.0.4:41641)\n");
  const Written bad =
      Write({.extras = true}, {Failed(Failure::kNoReply, "read udp [::]:50123: i/o timeout")});
  CHECK(bad.errors ==
        "read udp [::]:50123: i/o timeout\n"
        "error[stun.no_reply] 192.0.2.51:3478\n"
        "    fact  0 of 1 replies in 3 s over IPv4\n"
        "    help  open UDP 3478 on host and cloud firewall; try stunc --retries 3\n");
}

TEST_CASE("a suspicious answer is pointed out behind the lines", "[stunc]") {
  const Written odd = Write({.extras = true}, {Replied(kAsked, "172.17.0.1:41641")});
  CHECK(odd.results.find("\nwarning[stun.mapped_private] 192.0.2.51:3478: sees a private address "
                         "that is not yours\n    fact  the answer says 172.17.0.1:41641\n") !=
        std::string::npos);
}

TEST_CASE("verbose shows the reply's attributes", "[stunc]") {
  const Written good =
      Write({.extras = true, .attributes = true}, {Replied(kAsked, "203.0.113.7:41641")});
  CHECK(good.results.find("\nreply: 32 bytes 0101000c2112a442000102030405060708090a0b"
                          "00200008000183bbea12d545\n"
                          "attr: 0x0020 XOR-MAPPED-ADDRESS 000183bbea12d545\n") !=
        std::string::npos);
}

TEST_CASE("a series has a line for each request and a summary", "[stunc]") {
  QueryResult slow = Replied(kAsked, "203.0.113.7:2000");
  slow.reply->match.rtt = 8ms;
  slow.reply->match.sends = 2;
  const Written written = Write({.series = true}, {Replied(kAsked, "203.0.113.7:41641"),
                                                   Failed(Failure::kNoReply, "i/o timeout"), slow});
  CHECK(written.results ==
        kThreeLines +
            "1: 4.2 ms\n"
            "2: no reply in 3 s\n"
            "3: 8.0 ms (try 2); stun addr now 203.0.113.7:2000\n"
            "3 sent, 2 received, 33.3 % lost; round trip min 4.2 ms, median 6.1 ms, max 8.0 ms; "
            "stun addr changes 1\n");
  CHECK(written.errors.empty());
}

TEST_CASE("a series without a reply says why", "[stunc]") {
  const QueryResult lost = Failed(Failure::kNoReply, "read udp [::]:1: i/o timeout");
  const Written written = Write({.series = true}, {lost, lost});
  CHECK(written.results ==
        "1: no reply in 3 s\n2: no reply in 3 s\n2 sent, 0 received, 100 % lost\n");
  CHECK(written.errors == "read udp [::]:1: i/o timeout\n");
}

}  // namespace derp::stunc
