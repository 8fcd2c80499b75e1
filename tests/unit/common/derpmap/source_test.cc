#include "common/derpmap/source.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::derpmap;
using Kind = MapSource::Kind;

TEST_CASE("a map source is local, a URL, a file or stdin", "[derpmap]") {
  CHECK(ParseMapSource("local")->kind == Kind::kLocal);
  CHECK(ParseMapSource("-")->kind == Kind::kStdin);
  CHECK(ParseMapSource("HTTPS://example.net/map")->kind == Kind::kUrl);
  CHECK(ParseMapSource("map.yaml")->location == "map.yaml");
  CHECK(ParseMapSource("file:///etc/a%20b.json")->location == "/etc/a b.json");
  CHECK(ParseMapSource("file://localhost/x")->location == "/x");
  CHECK(ParseMapSource("file://etc/hostname")->location == "/hostname");
}

TEST_CASE("a source that is none names itself", "[derpmap]") {
  CHECK(ParseMapSource("").error().context == "map source \"\": is empty");
  CHECK(ParseMapSource("ftp://x/y").error().context ==
        "map source \"ftp://x/y\": unsupported scheme \"ftp\"");
  CHECK_FALSE(ParseMapSource("file://x").has_value());
  CHECK_FALSE(ParseMapSource("file:///%zz").has_value());
}

TEST_CASE("a URL is shown without password and token", "[derpmap]") {
  const auto source = ParseMapSource("https://user:secret@example.net:8443/map?token=x#y");
  CHECK(source->shown == "https://example.net:8443/map");
  CHECK(source->location.find("secret") != std::string::npos);
}
