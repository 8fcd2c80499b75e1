#include "derpprobe/service/go_json.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;

TEST_CASE("what HTML could misread is escaped as the reference does", "[service]") {
  CHECK(GoJsonQuote("[aa] -> [bb]: <x> & y") == R"("[aa] -\u003e [bb]: \u003cx\u003e \u0026 y")");
  CHECK(GoJsonQuote("a\"b\\c\n\t\r\b\f\x01") == R"("a\"b\\c\n\t\r\b\f\u0001")");
  CHECK(GoJsonQuote("é\u2028") == "\"é\\u2028\"");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character", "[service]") {
  CHECK(GoJsonQuote("a\xff") == R"("a\ufffd")");
  CHECK(GoJsonQuote("\xc0\xaf") == R"("\ufffd\ufffd")");
  CHECK(GoJsonQuote("\xe2\x82") == R"("\ufffd\ufffd")");
  CHECK(GoJsonQuote("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");
}

TEST_CASE("times carry what they need of nanoseconds, none is the zero time", "[service]") {
  CHECK(GoJsonTime(std::nullopt) == R"("0001-01-01T00:00:00Z")");
  const WallTime time = FromUnixSeconds(1'795'259'423);
  CHECK(GoJsonTime(time) == R"("2026-11-21T11:10:23Z")");
  CHECK(GoJsonTime(time + std::chrono::milliseconds(500)) == R"("2026-11-21T11:10:23.5Z")");
  CHECK(GoJsonTime(time + Duration(1)) == R"("2026-11-21T11:10:23.000000001Z")");
}

TEST_CASE("a probe's run has the reference's members in its order", "[service]") {
  ProbeRun run;
  run.info.spec = {"derp/fra/5a/tls", "tls", {{"region", "fra"}}, std::chrono::seconds(15), ""};
  run.info.status = ProbeStatus::kFailed;
  run.info.error = "a -> b";
  run.info.recent_results = {true, false};
  run.previous_ratio = 1;
  run.previous_median = std::chrono::milliseconds(20);
  CHECK(ProbeRunJson(run) ==
        R"({"ProbeInfo":{"Name":"derp/fra/5a/tls","Class":"tls","Interval":15000000000,)"
        R"("Labels":{"class":"tls","name":"derp/fra/5a/tls","region":"fra"},)"
        R"("Start":"0001-01-01T00:00:00Z","End":"0001-01-01T00:00:00Z","Latency":0,)"
        R"("Status":"failed","Error":"a -\u003e b","RecentResults":[true,false],)"
        R"("RecentLatencies":null},"PreviousSuccessRatio":1,"PreviousMedianLatency":20000000})");
}

TEST_CASE("variables are numbers, or objects by labels", "[service]") {
  metrics::Family plain{"up", metrics::Kind::kGauge, "", {{{}, 1, {}}}};
  metrics::Family labelled{
      "seen", metrics::Kind::kCounter, "", {{{{"a", "<"}}, 2.5, {}}, {{{"a", "y"}}, 3, {}}}};
  metrics::Family empty{"none", metrics::Kind::kGauge, "", {}};
  metrics::Family times{"times", metrics::Kind::kHistogram, "", {}};
  times.samples.push_back({{}, 0, {{{0.5, 1}, {1, 2}}, 3, 4.5}});
  CHECK(VarsJson({plain, labelled, empty, times}) ==
        "{\n\"up\": 1,\n\"seen\": {\"a=\\u003c\": 2.5,\n  \"a=y\": 3},\n"
        "\"times\": {\"count\":3,\"sum\":4.5,\"buckets\":{\"0.5\":1,\"1\":2}}\n}\n");
}
