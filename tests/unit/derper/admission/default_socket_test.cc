#include "derper/admission/default_socket.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

using derp::admission::DefaultTailscaledSocket;

namespace {

// A file system with these files; a name that ends in a slash is a directory.
class Machine {
 public:
  explicit Machine(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const std::filesystem::path path(root_ / name);
      if (name.back() == '/') {
        std::filesystem::create_directories(path);
      } else {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << "majorversion=\"6\"\n";
      }
    }
  }
  std::string Socket(const std::string& dsm_major = "") const {
    return DefaultTailscaledSocket(root_.path() + "/", dsm_major);
  }

 private:
  derp::test::TemporaryDirectory root_;
};

}  // namespace

TEST_CASE("tailscaled's socket is where the system has it", "[admission]") {
  CHECK(Machine({}).Socket() == "tailscaled.sock");
  CHECK(Machine({"var/run/"}).Socket() == "/var/run/tailscale/tailscaled.sock");
  CHECK(Machine({"usr/syno/", "var/run/"}).Socket() ==
        "/var/packages/Tailscale/var/tailscaled.sock");
  CHECK(Machine({"usr/syno/", "etc/VERSION"}).Socket() ==
        "/var/packages/Tailscale/etc/tailscaled.sock");
  CHECK(Machine({"usr/syno/"}).Socket("6") == "/var/packages/Tailscale/etc/tailscaled.sock");
  CHECK(Machine({"usr/syno/", "etc/VERSION"}).Socket("7") ==
        "/var/packages/Tailscale/var/tailscaled.sock");
  CHECK(Machine({"gokrazy/", "var/run/"}).Socket() == "/perm/tailscaled/tailscaled.sock");
  CHECK(Machine({"etc/config/uLinux.conf", "var/run/"}).Socket() ==
        "/tmp/tailscale/tailscaled.sock");
}

TEST_CASE("a Debian marker hides QNAP and gokrazy, but not Synology", "[admission]") {
  CHECK(Machine({"etc/debian_version", "etc/config/uLinux.conf", "var/run/"}).Socket() ==
        "/var/run/tailscale/tailscaled.sock");
  CHECK(Machine({"etc/debian_version", "gokrazy/", "var/run/"}).Socket() ==
        "/var/run/tailscale/tailscaled.sock");
  CHECK(Machine({"etc/debian_version", "usr/syno/", "var/run/"}).Socket() ==
        "/var/packages/Tailscale/var/tailscaled.sock");
}
