#include "derper/limits/limits.h"

#include <fstream>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::relay;

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kThousand = R"({"PerClientRateLimitBytesPerSec": 1000})";

NodePublic Key(std::uint8_t number) {
  std::array<std::uint8_t, kKeySize> raw{};
  raw[31] = number;
  return NodePublic(raw);
}

std::string Override(std::uint8_t key, std::string_view limits, std::string_view rest = "") {
  return fmt::format(R"({{"Overrides": {{"{}": {}}}{}}})", Key(key).ToString(), limits, rest);
}

struct Fixture {
  explicit Fixture(std::string_view text, std::string state = "") : state_dir(std::move(state)) {
    Write(text);
    Start();
  }
  void Write(std::string_view text) { std::ofstream(folder / "rates.json") << text; }
  void Start() {
    auto loaded =
        Limits::Load({.file = folder / "rates.json", .state_dir = state_dir}, clock, logger);
    if (!loaded) FAIL(loaded.error().context);
    limits = std::move(*loaded);
  }
  std::unique_ptr<SourceLimit> Admit(std::uint8_t key) {
    return limits->Admit(Key(key), clock.Now());
  }
  bool Take(SourceLimit& source, std::size_t bytes) {
    source.Charge(0, clock.Now());
    return source.TakeQuota(bytes, false, clock.WallNow());
  }
  double Metric(std::string_view name, std::size_t row = 0) {
    std::vector<metrics::Family> families;
    limits->MetricsSource()(families);
    for (const metrics::Family& family : families) {
      if (family.name == name) return family.samples[row].value;
    }
    return -1;
  }
  bool Logged(std::string_view text) const {
    return std::any_of(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

  test::TemporaryDirectory folder;
  std::string state_dir;
  test::FakeClock clock;
  std::vector<std::string> log;
  Logger logger{[this](LogLevel, std::string_view text) { log.emplace_back(text); }};
  std::unique_ptr<Limits> limits;
};

}  // namespace

TEST_CASE("waits are those that Go's limiter was seen to make", "[limits]") {
  // At 1000 bytes per second with a bucket of 65568.
  Fixture f(kThousand);
  const auto source = f.Admit(1);
  const auto wait = [&](std::uint32_t length) {
    const Duration time = source->Charge(length, f.clock.Now());
    f.clock.Advance(time);
    if (time > Duration::zero()) CHECK(source->Continue(f.clock.Now()) == Duration::zero());
    return std::chrono::duration<double>(time).count();
  };
  CHECK(wait(65568) == Approx(0));
  CHECK(wait(1000) == Approx(1));
  CHECK(wait(0) == Approx(0).margin(1e-6));
  CHECK(wait(500) == Approx(0.5));
  CHECK(wait(65568) == Approx(65.568));
  CHECK(wait(4'000'000'000) == Approx(65.568));  // no more than the largest frame
  CHECK(f.Metric("derp_rate_limit_per_client_waited") == 4);
  CHECK(f.Metric("derp_rate_limit_per_client_bytes_per_second") == 1000);
  CHECK(f.Metric("derp_rate_limit_per_client_burst_bytes") == 65568);
}

TEST_CASE("each connection has a bucket of its own, but an override is the key's", "[limits]") {
  Fixture f(Override(2, R"({"RateLimitBytesPerSec": 1000})",
                     R"(, "PerClientRateLimitBytesPerSec": 1000)"));
  const auto first = f.Admit(1);
  const auto second = f.Admit(1);
  CHECK(first->Charge(65568, f.clock.Now()) == Duration::zero());
  CHECK(second->Charge(65568, f.clock.Now()) == Duration::zero());
  const auto third = f.Admit(2);
  const auto fourth = f.Admit(2);
  CHECK(third->Charge(65568, f.clock.Now()) == Duration::zero());
  CHECK(fourth->Charge(2000, f.clock.Now()) == seconds(2));
}

TEST_CASE("an override of 0 lifts the limit, one without a rate leaves it", "[limits]") {
  Fixture f(fmt::format(R"({{"PerClientRateLimitBytesPerSec": 1000, "Overrides":
      {{"{}": {{"RateLimitBytesPerSec": 0}}, "{}": {{"DailyQuotaBytes": 5}}}}}})",
                        Key(1).ToString(), Key(2).ToString()));
  const auto free = f.Admit(1);
  const auto bound = f.Admit(2);
  for (int i = 0; i < 10; ++i) CHECK(free->Charge(65568, f.clock.Now()) == Duration::zero());
  CHECK(bound->Charge(65568, f.clock.Now()) == Duration::zero());
  CHECK(bound->Charge(1000, f.clock.Now()) == seconds(1));
}

TEST_CASE("a reload gives living connections full buckets of the new size", "[limits]") {
  Fixture f(kThousand);
  int applied = 0;
  f.limits->OnApplied([&] { ++applied; });
  const auto source = f.Admit(1);
  CHECK(source->Charge(65568, f.clock.Now()) == Duration::zero());
  CHECK(source->Charge(60000, f.clock.Now()) == seconds(60));
  CHECK(f.Metric("derper_limit_paused_clients", 1) == 1);
  f.Write(R"({"PerClientRateLimitBytesPerSec": 2000, "PerClientRateBurstBytes": 100000})");
  const auto text = f.limits->Reload();
  REQUIRE(text);
  CHECK(*text == "rate config applied: client-rate=2000 bytes/sec, client-burst=100000 bytes");
  CHECK(applied == 1);
  CHECK(source->Restart(f.clock.Now()) == Duration::zero());  // 60000 of 100000
  CHECK(f.Metric("derper_limit_paused_clients", 1) == 0);
  CHECK(source->Charge(50000, f.clock.Now()) == seconds(5));
  CHECK(f.Metric("derp_rate_limit_per_client_bytes_per_second") == 2000);
  f.Write("{}");
  REQUIRE(f.limits->Reload());
  CHECK(source->Restart(f.clock.Now()) == Duration::zero());
  CHECK_FALSE(source->limits_rate());
  CHECK(f.Metric("derp_rate_limit_per_client_burst_bytes") == 0);
  CHECK(f.Logged("derper: received SIGHUP, reloading rate config from " + f.folder.path()));
  CHECK(f.Logged("derper: rate config reloaded successfully"));
  CHECK(f.Logged("rate config applied: client-rate=0 bytes/sec, client-burst=0 bytes"));
}

TEST_CASE("a reload that fails leaves everything as it was", "[limits]") {
  Fixture f(kThousand);
  int applied = 0;
  f.limits->OnApplied([&] { ++applied; });
  const auto source = f.Admit(1);
  CHECK(source->Charge(65568, f.clock.Now()) == Duration::zero());
  f.Write(R"({"PerClientRateLimitBytesPerSec": -5})");
  const auto text = f.limits->Reload();
  REQUIRE_FALSE(text);
  const std::string why = f.folder / "rates.json" +
                          ": PerClientRateLimitBytesPerSec: -5 is not a whole number from 0 to "
                          "18446744073709551615";
  CHECK(text.error().context == why);
  CHECK(applied == 0);
  CHECK(f.Logged("derper: rate config reload failed: " + why));
  CHECK(source->Charge(1000, f.clock.Now()) == seconds(1));
  std::remove((f.folder / "rates.json").c_str());
  CHECK_FALSE(f.limits->Reload());
}

TEST_CASE("the first file has to be good", "[limits]") {
  const test::TemporaryDirectory folder;
  const test::FakeClock clock;
  const Logger logger([](LogLevel, std::string_view) {});
  const auto missing = Limits::Load({.file = folder / "none", .state_dir = ""}, clock, logger);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().context == "open " + folder / "none" + ": no such file or directory");
}

TEST_CASE("sources share what the process may take", "[limits]") {
  Fixture f(R"({"GlobalRateLimitBytesPerSec": 100000})");
  auto first = f.Admit(1);
  const auto second = f.Admit(2);
  CHECK(first->Charge(65568, f.clock.Now()) == Duration::zero());
  Duration wait = first->Charge(10000, f.clock.Now());
  CHECK(wait > Duration::zero());
  CHECK(f.Metric("derper_limit_global_waited") == 1);
  CHECK(f.Metric("derper_limit_paused_clients") == 1);
  CHECK(f.Metric("derp_rate_limit_per_client_waited") == 0);
  int rounds = 0;
  for (; wait > Duration::zero(); ++rounds) {
    f.clock.Advance(wait);
    wait = first->Continue(f.clock.Now());
  }
  CHECK(rounds < 20);
  CHECK(f.Metric("derper_limit_global_waited") == 1);
  CHECK(f.Metric("derper_limit_paused_clients") == 0);
  CHECK(second->Charge(30000, f.clock.Now()) > Duration::zero());
  first.reset();
  CHECK(f.Metric("derper_limit_paused_clients") == 1);
}

TEST_CASE("a quota is the key's over all its connections, and new every day of UTC", "[limits]") {
  Fixture f(R"({"DailyQuotaBytes": 1000})");
  auto first = f.Admit(1);
  const auto second = f.Admit(1);
  const auto other = f.Admit(2);
  CHECK(f.Take(*first, 600));
  CHECK(f.Take(*second, 400));
  CHECK_FALSE(f.Take(*first, 1));
  CHECK_FALSE(f.Take(*second, 700));
  CHECK(f.Take(*other, 1000));
  CHECK(f.Metric("derper_quota_dropped_packets", 0) == 0);
  CHECK(f.Metric("derper_quota_dropped_packets", 1) == 2);
  CHECK(f.Metric("derper_quota_dropped_bytes", 1) == 701);
  CHECK(f.Metric("derper_quota_exhausted_keys") == 1);
  const auto usage = f.limits->Usage(Key(1));
  REQUIRE(usage);
  CHECK(usage->quota == 1000);
  CHECK(usage->used == 1000);
  CHECK(usage->dropped_packets == 2);
  CHECK(usage->dropped_bytes == 701);
  first.reset();
  const auto again = f.Admit(1);  // a new connection is not a new day
  CHECK_FALSE(f.Take(*again, 1));

  // 1'795'000'000 is 11:06:40 UTC.
  f.clock.Advance(hours(12) + std::chrono::minutes(53) + seconds(19));
  CHECK_FALSE(f.Take(*second, 1));
  f.clock.Advance(seconds(1));
  CHECK(f.Take(*second, 1));
  CHECK(f.limits->Usage(Key(1))->used == 1);
  CHECK(f.limits->Usage(Key(1))->dropped_packets == 0);
  CHECK(f.Metric("derper_quota_exhausted_keys") == 0);
  f.clock.Advance(-seconds(2));  // the clock is set back over midnight
  CHECK(f.limits->Usage(Key(1))->used == 1);
}

TEST_CASE("an override's quota replaces everybody's", "[limits]") {
  Fixture f(fmt::format(R"({{"DailyQuotaBytes": 10, "Overrides":
      {{"{}": {{"DailyQuotaBytes": 0}}, "{}": {{"DailyQuotaBytes": 20}},
        "{}": {{"RateLimitBytesPerSec": 5}}}}}})",
                        Key(1).ToString(), Key(2).ToString(), Key(3).ToString()));
  CHECK(f.Take(*f.Admit(1), 1'000'000));
  CHECK(f.Take(*f.Admit(2), 20));
  CHECK_FALSE(f.Take(*f.Admit(3), 11));
  f.Write(Override(2, R"({"DailyQuotaBytes": 30})"));
  REQUIRE(f.limits->Reload());
  const auto second = f.Admit(2);
  CHECK(f.Take(*second, 10));  // what was used stays used
  CHECK_FALSE(f.Take(*second, 1));
  CHECK(f.Take(*f.Admit(3), 1'000'000));
}

TEST_CASE("what was used today outlives the process, and not the day", "[limits]") {
  const test::TemporaryDirectory state;
  Fixture f(R"({"DailyQuotaBytes": 1000})", state / "derper");
  CHECK(f.Take(*f.Admit(1), 700));
  f.limits.reset();
  f.Start();
  CHECK(f.limits->Usage(Key(1))->used == 700);
  CHECK_FALSE(f.Take(*f.Admit(1), 301));
  CHECK(f.Take(*f.Admit(1), 300));
  f.limits.reset();
  f.clock.Advance(hours(24));
  f.Start();
  CHECK(f.Take(*f.Admit(1), 1000));
  CHECK_FALSE(f.Logged("a restart forgets"));
}

TEST_CASE("a quota without a place for it is told", "[limits]") {
  Fixture f(R"({"DailyQuotaBytes": 1000, "Quota": 5})");
  CHECK(f.Logged("derper: DailyQuotaBytes without -state-dir: a restart forgets what was used"));
  CHECK(f.Logged("rates.json: members that mean nothing here: Quota"));
  CHECK(f.Take(*f.Admit(1), 1000));
  f.limits.reset();
  f.Start();
  CHECK(f.Take(*f.Admit(1), 1000));
}

TEST_CASE("who is limited is told once in a while, not each time", "[limits]") {
  Fixture f(R"({"PerClientRateLimitBytesPerSec": 1000, "DailyQuotaBytes": 5})");
  const auto source = f.Admit(1);
  const auto lines = [&](std::string_view text) {
    return std::count_if(f.log.begin(), f.log.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  };
  for (int i = 0; i < 100; ++i) {
    (void)source->Charge(65568, f.clock.Now());
    f.clock.Advance(seconds(60));
    (void)source->Continue(f.clock.Now());
    CHECK_FALSE(source->TakeQuota(6, true, f.clock.WallNow()));
  }
  CHECK(lines("limits: a client is paused key=" + Key(1).ShortString() + " by=own-rate wait=") >=
        10);
  CHECK(lines("limits: a client is paused") <= 11);
  CHECK(lines("limits: the day's quota is used up, packets are dropped until midnight UTC key=" +
              Key(1).ShortString() + " quota=5") == 1);
}
