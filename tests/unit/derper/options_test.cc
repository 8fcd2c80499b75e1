#include "derper/options.h"

#include <limits>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "tests/support/temporary_directory.h"

namespace derp::relay {
namespace {

using Words = std::vector<std::string>;

Options Parsed(const Words& words, const Environment& environment = {}) {
  Options options = DefaultOptions(environment);
  cli::FlagSet flags("derper", "DERPER_");
  RegisterFlags(flags, options);
  const cli::ParseResult result = flags.Parse(words, environment);
  CAPTURE(result.stderr_text);
  REQUIRE(result.action == cli::ParseResult::Action::kRun);
  return options;
}

TEST_CASE("the usage shows every default of the Go program", "[derper][options]") {
  Options options = DefaultOptions({{"HOME", "/h"}});
  cli::FlagSet flags("derper", "DERPER_");
  RegisterFlags(flags, options);
  const std::string usage = flags.Usage();
  const std::map<std::string, std::string> defaults = {
      {"a", "\":443\""},
      {"accept-connection-burst", "9223372036854775807"},
      {"accept-connection-limit", "+Inf"},
      {"ace", ""},
      {"acme-eab-key", ""},
      {"acme-eab-kid", ""},
      {"acme-email", ""},
      {"acme-ip-certs", ""},
      {"bootstrap-dns-names", ""},
      {"c", ""},
      {"certdir", "\"/h/.cache/tailscale/derper-certs\""},
      {"certmode", "\"letsencrypt\""},
      {"derp", "true"},
      {"dev", ""},
      {"home", ""},
      {"hostname", "\"derp.tailscale.com\""},
      {"http-port", "80"},
      {"mesh-psk-file", ""},
      {"mesh-with", ""},
      {"rate-config", ""},
      {"secrets-cache-dir", "\"/h/.cache/derper-secrets\""},
      {"secrets-path-prefix", "\"prod/derp\""},
      {"secrets-url", ""},
      {"socket", ""},
      {"stun", "true"},
      {"stun-port", "3478"},
      {"tcp-keepalive-time", "10m0s"},
      {"tcp-user-timeout", "15s"},
      {"tcp-write-timeout", "2s"},
      {"unpublished-bootstrap-dns-names", ""},
      {"verify-client-url", ""},
      {"verify-client-url-fail-open", "true"},
      {"verify-clients", ""},
      {"version", ""}};
  for (const auto& [name, value] : defaults) {
    CAPTURE(name);
    const std::size_t start = usage.find(
        "\n  -" + name + (usage.find("\n  -" + name + "\n") != std::string::npos ? "\n" : " "));
    REQUIRE(start != std::string::npos);
    const std::size_t end = usage.find("\n  -", start + 1);
    const std::string entry = usage.substr(start, end - start);
    const bool shown = entry.find("(default ") != std::string::npos;
    CHECK(shown == !value.empty());
    if (shown) CHECK(entry.find("(default " + value + ")") != std::string::npos);
  }
}

TEST_CASE("the usage names a flag's type as Go does", "[derper][options]") {
  Options options;
  cli::FlagSet flags("derper", "DERPER_");
  RegisterFlags(flags, options);
  const std::string usage = flags.Usage();
  for (const char* head :
       {"a string", "accept-connection-limit float", "c string", "derp", "certmode string",
        "http-port int", "mesh-with string", "socket string", "tcp-user-timeout duration"}) {
    CAPTURE(head);
    CHECK(usage.find(std::string("\n  -") + head + "\n    \t") != std::string::npos);
  }
}

TEST_CASE("flags reach their options", "[derper][options]") {
  const Options options =
      Parsed({"-a=127.0.0.1:0", "-stun=false", "-derp=f", "-dev=1", "-http-port=-1", "-workers=4",
              "-accept-connection-limit=+Inf", "-accept-connection-burst=9223372036854775807",
              "-tcp-user-timeout=30s", "-mesh-ca-file=x", "-stun-mode=generic", "-tls=off"});
  CHECK(options.address == "127.0.0.1:0");
  CHECK_FALSE(options.stun);
  CHECK_FALSE(options.derp);
  CHECK(options.dev);
  CHECK(options.http_port == -1);
  CHECK(options.workers == 4);
  CHECK(options.tcp_user_timeout == std::chrono::seconds(30));
  CHECK(options.mesh_ca_file == "x");
  CHECK_FALSE(FindBadOption(options).has_value());
}

TEST_CASE("a flag wins over the environment, that over the file, that over the default",
          "[derper][options]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "config.yaml";
  REQUIRE(
      WriteFileAtomically(path, "a: :1\nhostname: file.test\nstun-port: 7\n", 0600).has_value());
  Options options;
  const auto parsed =
      ParseOptions("derper", {"-config", path, "-a=:3"},
                   {{"DERPER_A", ":2"}, {"DERPER_HOSTNAME", "environment.test"}}, options);
  CAPTURE(parsed.stderr_text);
  REQUIRE(parsed.action == cli::ParseResult::Action::kRun);
  CHECK(options.address == ":3");
  CHECK(options.hostname == "environment.test");
  CHECK(options.stun_port == 7);
  CHECK(options.http_port == 80);
}

TEST_CASE("what is wrong with a settings file is a usage error that names the line",
          "[derper][options]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "config.yaml";
  REQUIRE(WriteFileAtomically(path, "a: :1\nhostnam: file.test\n", 0600).has_value());
  Options options;
  const auto parsed = ParseOptions("derper", {"-config", path}, {}, options);
  CHECK(parsed.action == cli::ParseResult::Action::kExit);
  CHECK(parsed.exit_code == 2);
  CHECK(parsed.stderr_text.starts_with("derper: -config: " + path));
  CHECK(parsed.stderr_text.find("hostnam") != std::string::npos);
  CHECK(parsed.stderr_text.find("line 2") != std::string::npos);
}

TEST_CASE("the shown configuration keeps secrets to itself and can be read back",
          "[derper][options]") {
  Options options;
  const auto parsed =
      ParseOptions("derper",
                   {"-verify-client-url=http://u:secret1@a.test/verify, http://b.test/?t=secret2",
                    "-acme-eab-key=secret3", "-secrets-url=https://u:secret4@s.test", "-a=:8443"},
                   {{"DERPER_STUN", "false"}}, options);
  REQUIRE(parsed.action == cli::ParseResult::Action::kRun);
  const std::string shown = ShownConfig(options);
  CAPTURE(shown);
  CHECK(shown.find("secret1") == std::string::npos);
  CHECK(shown.find("secret2") == std::string::npos);
  CHECK(shown.find("secret3") == std::string::npos);
  CHECK(shown.find("secret4") == std::string::npos);
  CHECK(shown.find("b.test") != std::string::npos);
  CHECK(shown.find("environment variable DERPER_STUN") != std::string::npos);

  const test::TemporaryDirectory folder;
  const std::string path = folder / "config.yaml";
  REQUIRE(WriteFileAtomically(path, shown, 0600).has_value());
  Options again;
  const auto reread = ParseOptions("derper", {"-config", path}, {}, again);
  CAPTURE(reread.stderr_text);
  REQUIRE(reread.action == cli::ParseResult::Action::kRun);
  CHECK(again.address == ":8443");
  CHECK_FALSE(again.stun);
}

TEST_CASE("a comma-separated value has entries without blanks", "[derper][options]") {
  CHECK(ListItems(" a ,b,, ") == Words{"a", "b"});
  CHECK(ListItems("").empty());
}

TEST_CASE("the environment sets flags by their name", "[derper][options]") {
  const Options options = Parsed(
      {}, {{"DERPER_CERTMODE", "manual"}, {"DERPER_STUN_PORT", "3479"}, {"DERPER_A", ":8443"}});
  CHECK(options.cert_mode == "manual");
  CHECK(options.stun_port == 3479);
  CHECK(options.address == ":8443");
}

TEST_CASE("a feature that is not built is refused by name", "[derper][options]") {
  const std::string flag = "-ace";
  const auto problem = FindBadOption(Parsed({flag}));
  REQUIRE(problem.has_value());
  CHECK(problem->starts_with(flag.substr(0, flag.find('=')) + ":"));
}

TEST_CASE("values outside their range are refused by name", "[derper][options]") {
  for (const char* flag : {"-tls=maybe", "-stun-mode=x", "-verify-mode=some", "-log-format=xml",
                           "-workers=-1", "-proxy-protocol-from=x", "-stun-threads=0",
                           "-stun-port=65536", "-http-port=65536", "-accept-connection-limit=NaN",
                           "-accept-connection-limit=-1", "-accept-connection-burst=-1"}) {
    CAPTURE(flag);
    const auto problem = FindBadOption(Parsed({flag}));
    REQUIRE(problem.has_value());
    CHECK(problem->starts_with(flag));
  }
}

TEST_CASE("the certificate directory follows the cache directory of the user",
          "[derper][options]") {
  CHECK(DefaultOptions({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}).cert_dir ==
        "/x/tailscale/derper-certs");
  CHECK(DefaultOptions({{"HOME", "/h"}, {"XDG_CACHE_HOME", "relative"}}).cert_dir.empty());
  CHECK(DefaultOptions({}).cert_dir.empty());
}

TEST_CASE("a mesh key in the home directory is found", "[derper][options]") {
  const test::TemporaryDirectory home;
  REQUIRE(MakeDirectories(home / "keys", 0700).has_value());
  REQUIRE(WriteFileAtomically(home / "keys/derp-mesh.key", "x", 0600).has_value());
  CHECK(DefaultOptions({{"HOME", home.path()}}).mesh_psk_file == home / "keys/derp-mesh.key");
}

}  // namespace
}  // namespace derp::relay
