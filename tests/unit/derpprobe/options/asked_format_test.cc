#include "derpprobe/options/asked_format.h"

#include <catch2/catch.hpp>

using namespace derp::probe;

TEST_CASE("Nagios is recognised on any command line, also on a wrong one", "[derpprobe][options]") {
  CHECK(AsksNagios({"-once", "-format", "nagios", "-nosuch"}, {}));
  CHECK(AsksNagios({"--format=nagios"}, {}));
  CHECK(AsksNagios({"-nosuch"}, {{"DERPPROBE_FORMAT", "nagios"}}));
  CHECK_FALSE(AsksNagios({"-format", "json"}, {{"DERPPROBE_FORMAT", "nagios"}}));
  CHECK_FALSE(AsksNagios({"-format=nagios", "-format=json"}, {}));
  CHECK_FALSE(AsksNagios({"-once", "--", "-format=nagios"}, {}));
  CHECK_FALSE(AsksNagios({"-format"}, {}));
}
