#include "netcheck/options.h"

#include <catch2/catch.hpp>

#include "tests/support/vectors.h"

namespace derp::netcheck {
namespace {

using Action = cli::ParseResult::Action;

template <typename T>
std::optional<T> Maybe(const nlohmann::json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<T>();
}

}  // namespace

TEST_CASE("bind flags, environment and default give the reference's text", "[netcheck]") {
  const nlohmann::json rows = test::ReadJson("netcheck.json").at("bind_string");
  REQUIRE(rows.size() == 15);
  for (const auto& row : rows) {
    CAPTURE(row);
    const auto text =
        BindText({Maybe<std::string>(row.at("address")), Maybe<std::int64_t>(row.at("port")),
                  Maybe<std::string>(row.at("env")).value_or("")});
    const std::string expected = row.at("expect");
    if (!expected.starts_with("error:")) {
      REQUIRE(text.has_value());
      CHECK(*text == expected);
    } else {
      REQUIRE_FALSE(text.has_value());
      CHECK(text.error().context.find(expected.substr(6)) != std::string::npos);
    }
  }
}

TEST_CASE("a bad bind address or port ends with 1 and names it", "[netcheck]") {
  const auto address = ParseOptions({"--bind-address=678.1.1.1"}, {});
  CHECK(address.parsed.action == Action::kExit);
  CHECK(address.parsed.exit_code == 1);
  CHECK(address.parsed.stderr_text == "netcheck: invalid bind address \"678.1.1.1\"\n");
  const auto port = ParseOptions({"--bind-port=-1"}, {});
  CHECK(port.parsed.exit_code == 1);
  CHECK(port.parsed.stderr_text.find("-1") != std::string::npos);
}

TEST_CASE("an unknown format is refused before anything is measured", "[netcheck]") {
  const auto result = ParseOptions({"--format=xml"}, {});
  CHECK(result.parsed.exit_code == 2);
  CHECK(result.parsed.stderr_text ==
        "netcheck: unknown -format \"xml\": text, json or json-line\n");
  CHECK(ParseOptions({"--format", "json-line"}, {}).options.format == Format::kJsonLine);
}

TEST_CASE("what is given counts, even when it is the default", "[netcheck]") {
  const std::map<std::string, std::string> environment = {
      {"TS_DEBUG_NETCHECK_UDP_BIND", "192.0.2.9:789"}};
  CHECK(ParseOptions({}, environment).options.bind == "192.0.2.9:789");
  CHECK(ParseOptions({"--bind-port=0"}, environment).options.bind == ":0");
  CHECK(ParseOptions({}, {}).options.bind == ":0");
}

TEST_CASE("the map comes from tailscaled unless another source is given", "[netcheck]") {
  using Kind = derpmap::MapSource::Kind;
  CHECK(ParseOptions({}, {}).options.map_source.kind == Kind::kLocal);
  CHECK(ParseOptions({"-derp-map", "-"}, {}).options.map_source.kind == Kind::kStdin);
  CHECK(ParseOptions({"-derp-map=map.yaml"}, {}).options.map_source.kind == Kind::kFile);
  const auto bad = ParseOptions({"-derp-map=ftp://x"}, {});
  CHECK(bad.parsed.exit_code == 2);
  CHECK(bad.parsed.stderr_text.find("unsupported scheme") != std::string::npos);
}

}  // namespace derp::netcheck
