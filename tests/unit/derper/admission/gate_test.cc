#include "derper/admission/gate.h"

#include <fstream>
#include <optional>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

using namespace derp;
using admission::Gate;
using admission::GateOptions;

namespace {

NodePublic Key(char digit) { return *NodePublic::ParseUntyped(std::string(64, digit)); }

// What the gate says at once about a key; none when it has to ask.
std::optional<bool> Ask(Gate& gate, char digit) {
  std::optional<bool> answer;
  gate.Ask({.key = Key(digit), .remote = *SocketAddress::Parse("192.0.2.1:4444")},
           [&](bool admitted) { answer = admitted; });
  return answer;
}

struct Bench {
  std::unique_ptr<Gate> Make(const GateOptions& options) {
    auto gate = Gate::Make(options, clock, logger);
    REQUIRE(gate.has_value());
    return std::move(*gate);
  }
  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return folder / name;
  }

  test::TemporaryDirectory folder;
  SystemClock clock;
  std::vector<std::string> lines;
  Logger logger{[this](LogLevel level, std::string_view text) {
    if (level != LogLevel::kDebug) lines.emplace_back(text);
  }};
};

}  // namespace

TEST_CASE("without any rule the gate is open", "[admission]") {
  Bench bench;
  const auto gate = bench.Make({});
  CHECK(gate->is_open());
  CHECK(Ask(*gate, '1') == true);
}

TEST_CASE("an allow file alone admits its keys and nobody else", "[admission]") {
  Bench bench;
  const std::string file = bench.File("allow", std::string(64, '1'));
  const auto gate = bench.Make({.allow_file = file});
  CHECK_FALSE(gate->is_open());
  CHECK(gate->Describe() == "allow file " + file);
  CHECK(Ask(*gate, '1') == true);
  CHECK(Ask(*gate, '2') == false);
  REQUIRE(bench.lines.size() == 1);
  CHECK(bench.lines[0] == "derp: 192.0.2.1:4444: client nodekey:" + std::string(64, '2') +
                              " rejected: not listed in " + file);
}

TEST_CASE("a deny file alone keeps its keys out and nobody else", "[admission]") {
  Bench bench;
  const auto gate = bench.Make({.deny_file = bench.File("deny", std::string(64, '1'))});
  CHECK(Ask(*gate, '1') == false);
  CHECK(Ask(*gate, '2') == true);
}

TEST_CASE("listed keys are decided about without asking anybody", "[admission]") {
  Bench bench;
  GateOptions options{.urls = {"http://127.0.0.1:1/verify"}, .fail_open = false};
  options.allow_file = bench.File("allow", std::string(64, '1') + "\n" + std::string(64, '2'));
  options.deny_file = bench.File("deny", std::string(64, '2'));
  const auto gate = bench.Make(options);
  CHECK(Ask(*gate, '1') == true);
  CHECK(Ask(*gate, '2') == false);
  bench.File("deny", std::string(64, '1'));
  CHECK(Ask(*gate, '1') == true);
  REQUIRE(gate->Reload().has_value());
  CHECK(Ask(*gate, '1') == false);
  CHECK(Ask(*gate, '2') == true);
  gate->Stop();
  CHECK(Ask(*gate, '2') == false);
}

TEST_CASE("a flood of refusals costs few log lines", "[admission]") {
  Bench bench;
  GateOptions options{.deny_file = bench.File("deny", std::string(64, '1'))};
  options.log_limits = {.burst = 3, .interval = std::chrono::hours(1)};
  const auto gate = bench.Make(options);
  for (int i = 0; i < 100; ++i) CHECK(Ask(*gate, '1') == false);
  CHECK(bench.lines.size() == 3);
}

TEST_CASE("what cannot work is refused with its flag", "[admission]") {
  Bench bench;
  const auto failure = [&](const GateOptions& options) {
    const auto gate = Gate::Make(options, bench.clock, bench.logger);
    REQUIRE_FALSE(gate.has_value());
    return gate.error().context;
  };
  for (const char* url : {"", "verify", "ftp://a/verify", "http:///verify", "https://", "file:///x",
                          "http://a/ b", "http://a/\n"}) {
    CAPTURE(url);
    CHECK(failure({.urls = {url}}).starts_with("-verify-client-url: \""));
  }
  CHECK(failure({.urls = {"ftp://u:secret@a"}}).find("secret") == std::string::npos);
  CHECK(failure({.allow_file = bench.folder / "none"}).starts_with("-verify-allow-file: open "));
  CHECK(failure({.deny_file = bench.File("bad", "x")}).starts_with("-verify-deny-file: "));
}

TEST_CASE("the rules are described in words, without secrets", "[admission]") {
  Bench bench;
  GateOptions options{.sockets = {"/a.sock"}, .urls = {"https://u:secret@b.test/verify?t=secret"}};
  CHECK(bench.Make(options)->Describe() ==
        "all of tailscaled at /a.sock, admission controller at "
        "https://u:xxxxx@b.test/verify?xxxxx");
  options.any = true;
  options.deny_file = bench.File("deny", "");
  CHECK(bench.Make(options)->Describe().starts_with("deny file " + options.deny_file +
                                                    ", then any of tailscaled at /a.sock, "));
}
