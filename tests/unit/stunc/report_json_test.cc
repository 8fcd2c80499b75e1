#include "stunc/report_json.h"

#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/stunc/sample.h"

namespace derp::stunc {
namespace {

using nlohmann::json;
using test::AskedAt;
using test::Failed;
using test::Replied;

const Asked kAsked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");

Options OptionsFor(Format format, unsigned count) {
  Options options;
  options.target = {"stun.example.net", 3478};
  options.format = format;
  options.count = count;
  return options;
}

std::string Write(const Options& options, const std::vector<QueryResult>& queries, int exit_code) {
  const derp::test::FakeClock clock;
  std::ostringstream out;
  JsonReport report(options, clock, out);
  Series series;
  for (const QueryResult& query : queries) {
    if (query.reply) {
      series.AddReply(query.reply->match.rtt, query.reply->match.mapped);
    } else {
      series.AddLoss();
    }
    report.OnQuery(kAsked, static_cast<unsigned>(series.sent()), query);
  }
  if (!queries.empty()) report.OnAddressEnd(kAsked, queries.back(), series);
  if (queries.empty()) report.OnError("dns.not_found", "lookup x: no such host");
  report.OnEnd(exit_code);
  return out.str();
}

std::vector<json> Lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("one document tells one reply", "[stunc][json]") {
  const json document =
      json::parse(Write(OptionsFor(Format::kJson, 1), {Replied(kAsked, "203.0.113.7:41641")}, 0));
  CHECK(document["schema"] == "stunc/1");
  CHECK(document["host"] == "stun.example.net");
  CHECK(document["port"] == 3478);
  CHECK(document["exit"] == 0);
  CHECK(document["error"].is_null());
  REQUIRE(document["results"].size() == 1);
  const json& result = document["results"][0];
  CHECK(result["sent_addr"] == "192.0.2.51:3478");
  CHECK(result["from_addr"] == "192.0.2.51:3478");  // never the mapped form
  CHECK(result["stun_addr"] == "203.0.113.7:41641");
  CHECK(result["local_addr"] == "10.0.0.4:41641");
  CHECK(result["family"] == "ipv4");
  CHECK(result["rtt_ms"] == 4.2);
  CHECK(result["tries"] == 1);
  CHECK(result["txid"] == "000102030405060708090a0b");
  CHECK(result["attributes"][0]["name"] == "XOR-MAPPED-ADDRESS");
  CHECK(result["attributes"][0]["value"] == "000183bbea12d545");
  CHECK(result["error"].is_null());
  CHECK(result["findings"].empty());
  CHECK_FALSE(result.contains("sent"));
}

TEST_CASE("what was not measured is null and says why", "[stunc][json]") {
  const json document = json::parse(
      Write(OptionsFor(Format::kJson, 1), {Failed(Failure::kNoReply, "read udp: i/o timeout")}, 1));
  CHECK(document["exit"] == 1);
  const json& result = document["results"][0];
  CHECK(result["stun_addr"].is_null());
  CHECK(result["rtt_ms"].is_null());
  CHECK(result["error"] == "read udp: i/o timeout");
  CHECK(result["error_code"] == "stun.no_reply");
  CHECK(result["findings"][0]["code"] == "stun.no_reply");
  CHECK(result["findings"][0]["severity"] == "error");
}

TEST_CASE("a series adds its statistics", "[stunc][json]") {
  const json document =
      json::parse(Write(OptionsFor(Format::kJson, 2),
                        {Failed(Failure::kNoReply, "x"), Replied(kAsked, "203.0.113.7:1")}, 0));
  const json& result = document["results"][0];
  CHECK(result["sent"] == 2);
  CHECK(result["received"] == 1);
  CHECK(result["loss_pct"] == 50.0);
  for (const char* name : {"min_ms", "avg_ms", "median_ms", "p90_ms", "max_ms"}) {
    CAPTURE(name);
    CHECK(result[name] == 4.2);
  }
  CHECK(result["stddev_ms"] == 0.0);
  CHECK(result["jitter_ms"] == 0.0);
  CHECK(result["mapping_changes"] == 0);
}

TEST_CASE("lines tell each request and then the series", "[stunc][json]") {
  const auto lines =
      Lines(Write(OptionsFor(Format::kJsonLine, 2),
                  {Failed(Failure::kNoReply, "x"), Replied(kAsked, "203.0.113.7:1")}, 0));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["schema"] == "stunc.reply/1");
  CHECK(lines[0]["number"] == 1);
  CHECK(lines[0]["rtt_ms"].is_null());
  CHECK(lines[1]["number"] == 2);
  CHECK(lines[1]["stun_addr"] == "203.0.113.7:1");
  CHECK(lines[2]["schema"] == "stunc.series/1");
  CHECK(lines[2]["received"] == 1);
}

TEST_CASE("a name that does not resolve is an error of the document", "[stunc][json]") {
  const json document = json::parse(Write(OptionsFor(Format::kJson, 1), {}, 1));
  CHECK(document["error"] == "lookup x: no such host");
  CHECK(document["error_code"] == "dns.not_found");
  CHECK(document["results"].empty());
  const auto lines = Lines(Write(OptionsFor(Format::kJsonLine, 1), {}, 1));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["schema"] == "stunc.error/1");
}

}  // namespace derp::stunc
