#include "derpprobe/schedule/probe_record.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;
using namespace derp::probe;
using std::chrono::milliseconds;

namespace {

const ProbeSpec kSpec{"derp/nyc/1a/tls", "tls", {{"region", "nyc"}}, std::chrono::seconds(15), ""};

struct Runs {
  test::FakeClock clock;
  ProbeRecord record{kSpec};

  void Run(bool ok, milliseconds latency) {
    record.Begin(clock.WallNow());
    clock.Advance(latency);
    record.End(clock.WallNow(), {ok, latency, ok ? "" : "refused"});
  }
};

std::vector<std::string> SeriesNames(const ProbeRecord& record) {
  std::vector<metrics::Family> families;
  record.AddSamples(families);
  std::vector<std::string> names;
  for (const auto& family : families) names.push_back(family.name);
  return names;
}

double Value(const ProbeRecord& record, std::string_view name, std::size_t sample = 0) {
  std::vector<metrics::Family> families;
  record.AddSamples(families);
  for (const auto& family : families) {
    if (family.name == name) return family.samples.at(sample).value;
  }
  FAIL("no family " << name);
  return 0;
}

}  // namespace

TEST_CASE("a probe that never ran is unknown and exports only interval and in_flight",
          "[schedule]") {
  const ProbeRecord record(kSpec);
  CHECK(record.Info().status == ProbeStatus::kUnknown);
  CHECK(record.Info().SuccessRatio() == 0);
  CHECK(record.Info().MedianLatency() == Duration::zero());
  CHECK(SeriesNames(record) ==
        std::vector<std::string>{"derpprobe_interval_secs", "derpprobe_in_flight"});
}

TEST_CASE("the latency gauge is there after a success and gone after a failure", "[schedule]") {
  Runs runs;
  runs.Run(true, milliseconds(20));
  CHECK(Value(runs.record, "derpprobe_result") == 1);
  CHECK(Value(runs.record, "derpprobe_latency_millis") == 20);
  runs.Run(false, milliseconds(5));
  CHECK(Value(runs.record, "derpprobe_result") == 0);
  for (const auto& name : SeriesNames(runs.record)) CHECK(name != "derpprobe_latency_millis");
  CHECK(Value(runs.record, "derpprobe_attempts_total", 0) == 1);  // status="fail"
  CHECK(Value(runs.record, "derpprobe_attempts_total", 1) == 1);  // status="ok"
  CHECK(Value(runs.record, "derpprobe_seconds_total", 1) == Approx(0.02));
  CHECK(Value(runs.record, "derpprobe_consecutive_failures") == 1);
}

TEST_CASE("a mix of runs gives ratio and median of the successes", "[schedule]") {
  Runs runs;
  for (const int ms : {10, 20, 30, 50, 60}) runs.Run(true, milliseconds(ms));
  for (int i = 0; i < 3; ++i) runs.Run(false, milliseconds(1));
  CHECK(runs.record.Info().SuccessRatio() == 0.625);
  CHECK(runs.record.Info().MedianLatency() == milliseconds(30));
}

TEST_CASE("only the last ten runs are remembered, and the median is of sorted values",
          "[schedule]") {
  Runs runs;
  for (int i = 11; i >= 1; --i) runs.Run(true, milliseconds(10 * i));
  CHECK(runs.record.Info().recent_latencies.size() == 10);
  CHECK(runs.record.Info().MedianLatency() == milliseconds(60));
}

TEST_CASE("a failing probe shows its last error while it runs again", "[schedule]") {
  Runs runs;
  runs.Run(false, milliseconds(5));
  runs.record.Begin(runs.clock.WallNow());
  CHECK(runs.record.Info().status == ProbeStatus::kRunning);
  CHECK(runs.record.Info().error == "refused");
  CHECK(Value(runs.record, "derpprobe_in_flight") == 1);
}

TEST_CASE("a continuous probe has a result from the start, and no end before its first failure",
          "[schedule]") {
  test::FakeClock clock;
  ProbeRecord record({"derp/nyc/1a/1a/qd", "derp_qd", {}, std::chrono::seconds(-10), ""});
  const auto has = [&record](std::string_view name) {
    const auto names = SeriesNames(record);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  CHECK(Value(record, "derpprobe_result") == 0);
  CHECK(Value(record, "derpprobe_interval_secs") == -10);
  record.Begin(clock.WallNow());
  record.Healthy(clock.WallNow());
  CHECK(Value(record, "derpprobe_result") == 1);
  CHECK(has("derpprobe_last_success_secs"));
  CHECK_FALSE(has("derpprobe_end_secs"));
  CHECK_FALSE(has("derpprobe_attempts_total"));
  CHECK(record.Info().status == ProbeStatus::kRunning);
  record.End(clock.WallNow(), {false, milliseconds(5), "connection closed"});
  CHECK(Value(record, "derpprobe_result") == 0);
  CHECK(has("derpprobe_end_secs"));
  record.Begin(clock.WallNow());
  CHECK(record.Info().error == "connection closed");
  record.Healthy(clock.WallNow());
  CHECK(record.Info().error.empty());
  CHECK(Value(record, "derpprobe_result") == 1);
}
