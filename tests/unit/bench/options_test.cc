#include "tests/bench/load/options.h"

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

using Args = std::vector<std::string>;

Parsed Good(Args args) {
  args.insert(args.begin(), "-server=127.0.0.1:8443");
  auto parsed = ParseOptions("derpload", args);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

TEST_CASE("a server alone is enough: ten pairs in a closed loop over TLS", "[load][options]") {
  const Parsed parsed = Good({});
  const Options& options = parsed.options;
  REQUIRE(options.servers.size() == 1);
  CHECK(options.servers[0].address.ToString() == "127.0.0.1:8443");
  CHECK(options.servers[0].host == "127.0.0.1");
  CHECK(options.servers[0].tls);
  CHECK(options.shape == Shape::kPairs);
  CHECK(options.flows == 10);
  CHECK(options.rate == 0);
  CHECK(options.sizes == std::vector<std::size_t>{1400});
}

TEST_CASE("sizes and process ids are lists", "[load][options]") {
  const Parsed parsed = Good({"-size=40,600,1400", "-server-pid=12,34"});
  CHECK(parsed.options.sizes == std::vector<std::size_t>{40, 600, 1400});
  CHECK(parsed.options.server_pids == std::vector<int>{12, 34});
}

TEST_CASE("the record has every flag as it is in force", "[load][options]") {
  const Parsed parsed = Good({"-label=before", "-pairs=3"});
  CHECK(parsed.flags.at("label") == "before");
  CHECK(parsed.flags.at("pairs") == "3");
  CHECK(parsed.flags.at("window") == "16");
}

TEST_CASE("a pin may be written as in a DERP map", "[load][options]") {
  CHECK(Good({"-pin=sha256-raw:ab"}).options.servers[0].pin == "ab");
  CHECK(Good({"-pin=ab"}).options.servers[0].pin == "ab");
}

TEST_CASE("a mesh has two servers", "[load][options]") {
  const Parsed parsed = Good({"-shape=mesh", "-mesh-server=127.0.0.1:8444"});
  REQUIRE(parsed.options.servers.size() == 2);
  CHECK(parsed.options.servers[1].address.port == 8444);
}

TEST_CASE("what makes no sense is refused as wrong usage", "[load][options]") {
  const auto wrong = GENERATE(
      Args{"-server=127.0.0.1"}, Args{"-server=127.0.0.1:0"}, Args{"-server=127.0.0.1:65536"},
      Args{"-size=31"}, Args{"-size=65537"}, Args{"-size="}, Args{"-size=a"}, Args{"-pairs=0"},
      Args{"-pairs=19901"}, Args{"-shape=ring"}, Args{"-shape=mesh"},
      Args{"-mesh-server=127.0.0.1:1"}, Args{"-rate=NaN"}, Args{"-rate=-1"}, Args{"-window=0"},
      Args{"-duration=0s"}, Args{"-shape=fan-in", "-groups=11"}, Args{"-slow-readers=11"},
      Args{"-shape=fan-in", "-slow-readers=1"}, Args{"-server-pid=x"}, Args{"more"});
  CAPTURE(wrong);
  Args args = {"-server=127.0.0.1:8443"};
  args.insert(args.end(), wrong.begin(), wrong.end());
  const auto parsed = ParseOptions("derpload", args);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == 2);
  CHECK_FALSE(parsed.error().stderr_text.empty());
}

TEST_CASE("without a server there is nothing to load", "[load][options]") {
  const auto parsed = ParseOptions("derpload", {});
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == 2);
}

}  // namespace
}  // namespace derp::load
