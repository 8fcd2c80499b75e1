#include "derper/command_line.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

using Arguments = std::vector<std::string>;

TEST_CASE("secrets in the command line are not shown, however they are written", "[derper]") {
  const Arguments shown = RedactArguments(
      {"/usr/bin/derper", "-acme-eab-key", "c2VjcmV0", "--acme-eab-key=c2VjcmV0",
       "-verify-client-url=https://u:secret@a.example/v?token=secret,https://b.example/",
       "--secrets-url", "https://u:secret@c.example", "-a", ":443", "-dev"});
  for (const std::string& argument : shown) {
    CAPTURE(argument);
    CHECK(argument.find("secret") == argument.find("secrets-url"));
    CHECK(argument.find("c2VjcmV0") == std::string::npos);
  }
  CHECK(shown[0] == "/usr/bin/derper");
  CHECK(shown[3] == "--acme-eab-key=xxxxx");
  CHECK(shown[4].ends_with(",https://b.example/"));
  CHECK(Arguments(shown.end() - 3, shown.end()) == Arguments{"-a", ":443", "-dev"});
}

TEST_CASE("this process's own arguments are found", "[derper]") {
  const Arguments shown = ShownCommandLine();
  REQUIRE_FALSE(shown.empty());
  CHECK(shown[0].find("unit_derper_shell") != std::string::npos);
}

}  // namespace
}  // namespace derp::relay
