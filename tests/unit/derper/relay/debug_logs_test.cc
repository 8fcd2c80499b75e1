#include "derper/relay/debug_logs.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;

namespace {

const std::string kKey(64, 'a');
const std::string kOther(64, 'B');

}  // namespace

TEST_CASE("nothing more than usual is logged unless it is asked for", "[relay]") {
  const auto logs = DebugLogs::FromEnvironment(
      {{"DERP_DEBUG_LOGS", ""}, {"DERP_PROBER_DEBUG_LOGS", "0"}, {"TS_DEBUG_VERBOSE_DROPS", ""}});
  REQUIRE(logs);
  CHECK_FALSE(logs->frames);
  CHECK_FALSE(logs->prober_frames);
  CHECK_FALSE(logs->Drop(*NodePublic::ParseUntyped(kKey)));
}

TEST_CASE("frames and drops are logged on demand", "[relay]") {
  const auto logs = DebugLogs::FromEnvironment({{"DERP_DEBUG_LOGS", "true"},
                                                {"DERP_PROBER_DEBUG_LOGS", "1"},
                                                {"TS_DEBUG_VERBOSE_DROPS", kKey + ", " + kOther}});
  REQUIRE(logs);
  CHECK(logs->frames);
  CHECK(logs->prober_frames);
  CHECK(logs->Drop(*NodePublic::ParseUntyped(kKey)));
  CHECK(logs->Drop(*NodePublic::ParseUntyped(kOther)));
  CHECK_FALSE(logs->Drop(*NodePublic::ParseUntyped(std::string(64, 'c'))));
}

TEST_CASE("a variable that cannot be read is an error", "[relay]") {
  CHECK(DebugLogs::FromEnvironment({{"DERP_DEBUG_LOGS", "maybe"}}).error().context ==
        "invalid value \"maybe\" for environment variable DERP_DEBUG_LOGS");
  CHECK_FALSE(DebugLogs::FromEnvironment({{"TS_DEBUG_VERBOSE_DROPS", kKey + "," + "abc"}}));
}
