#include "common/net/hosts_file.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace derp::net {
namespace {

constexpr AddressFamily kV4 = AddressFamily::kIpv4;
constexpr AddressFamily kV6 = AddressFamily::kIpv6;

struct Fixture {
  derp::test::TemporaryDirectory folder;
  derp::test::FakeClock clock;
  HostsFile file{clock, folder / "hosts", folder / "nsswitch.conf"};

  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(folder / name) << text;
  }
  std::optional<std::vector<IpAddress>> Find(std::string_view name,
                                             std::optional<AddressFamily> family = {}) {
    clock.Advance(std::chrono::seconds(2));
    return file.Find(name, family);
  }
};

std::vector<IpAddress> Ips(std::initializer_list<std::string_view> texts) {
  std::vector<IpAddress> ips;
  for (const auto text : texts) ips.push_back(*IpAddress::Parse(text));
  return ips;
}

TEST_CASE("a name with one address per family is known from the file", "[net][hosts]") {
  Fixture f;
  f.Write("hosts",
          "192.0.2.1 relay.test Relay # 192.0.2.9 not.test\n"
          "  2001:db8::1\trelay.test\n#192.0.2.2 off.test\n\n192.0.2.3\r\n");
  CHECK(f.Find("relay.test") == Ips({"192.0.2.1", "2001:db8::1"}));
  CHECK(f.Find("RELAY.test", kV6) == Ips({"2001:db8::1"}));
  CHECK(f.Find("relay", kV4) == Ips({"192.0.2.1"}));
  CHECK_FALSE(f.Find("relay", kV6));
  CHECK_FALSE(f.Find("not.test"));
  CHECK_FALSE(f.Find("off.test"));
  CHECK_FALSE(f.Find(""));
}

TEST_CASE("what the system may read otherwise is left to it", "[net][hosts]") {
  Fixture f;
  f.Write("hosts",
          "192.0.2.1 two.test\n192.0.2.2 two.test\n127.0.0.1 localhost\n::1 localhost\n"
          "::ffff:192.0.2.1 mapped.test\nfe80::1%eth0 scoped.test\n");
  for (const auto* name : {"two.test", "localhost", "mapped.test", "scoped.test"}) {
    CAPTURE(name);
    CHECK_FALSE(f.Find(name));
  }
}

TEST_CASE("the file has no say where another service is asked first", "[net][hosts]") {
  Fixture f;
  f.Write("hosts", "192.0.2.1 relay.test\n");
  f.Write("nsswitch.conf", "passwd: files\nhosts:\tfiles dns # mdns\n");
  CHECK(f.Find("relay.test"));
  for (const auto* line : {"hosts: mymachines files\n", "hosts: files [!SUCCESS=return] dns\n",
                           "hosts: dns\n", "hosts:\n"}) {
    CAPTURE(line);
    f.Write("nsswitch.conf", line);
    CHECK_FALSE(f.Find("relay.test"));
  }
}

TEST_CASE("a file that changes or goes is noticed within a second", "[net][hosts]") {
  Fixture f;
  CHECK_FALSE(f.Find("relay.test"));
  f.Write("hosts", "192.0.2.1 relay.test\n");
  CHECK(f.Find("relay.test") == Ips({"192.0.2.1"}));
  f.Write("hosts", "192.0.2.20 relay.test\n");
  CHECK(f.Find("relay.test") == Ips({"192.0.2.20"}));
  std::filesystem::remove(f.folder / "hosts");
  CHECK_FALSE(f.Find("relay.test"));
}

}  // namespace
}  // namespace derp::net
