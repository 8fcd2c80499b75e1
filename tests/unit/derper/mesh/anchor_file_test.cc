#include "derper/mesh/anchor_file.h"

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "common/net/certificate.h"
#include "tests/support/temporary_directory.h"

namespace derp::relay {
namespace {

TEST_CASE("anchors follow their file and survive a broken one", "[derper][mesh]") {
  const test::TemporaryDirectory folder;
  std::string log;
  const Logger logger([&log](LogLevel, std::string_view text) { log += std::string(text) + "\n"; });
  AnchorFile anchors(folder / "ca.pem", logger);

  const auto missing = anchors.Current();
  REQUIRE(missing != nullptr);
  CHECK(log.find("no such file or directory") != std::string::npos);
  log.clear();
  CHECK(anchors.Current() == missing);
  CHECK(log.empty());

  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate certificate =
      net::MakeSelfSigned(*IpAddress::Parse("127.0.0.1"), key, FromUnixSeconds(1'795'000'000));
  REQUIRE(WriteFileAtomically(folder / "ca.pem", ToPem(certificate), 0644).has_value());
  const auto good = anchors.Current();
  CHECK(good != missing);
  CHECK(anchors.Current() == good);
  CHECK(log.empty());

  REQUIRE(WriteFileAtomically(folder / "ca.pem", "garbage", 0644).has_value());
  CHECK(anchors.Current() == good);
  CHECK(log.find("-mesh-ca-file") != std::string::npos);
}

}  // namespace
}  // namespace derp::relay
