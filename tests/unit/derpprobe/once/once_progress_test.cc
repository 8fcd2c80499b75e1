#include "derpprobe/once/once_progress.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;
using diagnosis::Stage;
using namespace std::chrono_literals;

TEST_CASE("the line counts nodes and names the slowest with its stage", "[derpprobe][progress]") {
  const TimePoint start{1h};
  WalkWatch watch({"fra/5a", "fra/5b", "own/999a"});
  CHECK(watch.Line(start) == "0 of 3 nodes");
  watch.At(0, Stage::kDns, start);
  watch.At(1, Stage::kDns, start);
  watch.At(2, Stage::kDns, start + 1s);
  CHECK(watch.Line(start + 1s) == "0 of 3 nodes");
  CHECK(watch.Done(0));
  CHECK_FALSE(watch.Done(0));
  watch.At(1, Stage::kTls, start + 500ms);
  CHECK(watch.Line(start + 6s) == "1 of 3 nodes, 2 slow: fra/5b tls 6 s");
  CHECK(watch.Done(1));
  CHECK(watch.Line(start + 6s) == "2 of 3 nodes, 1 slow: own/999a dns 5 s");
  CHECK(watch.Done(2));
  CHECK(watch.Line(start + 6s) == "3 of 3 nodes, packets between the nodes of a region");
}
