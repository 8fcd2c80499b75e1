// The relay's key file and the mesh key.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "derper/key_file.h"
#include "derper/mesh_key.h"
#include "tests/support/fixed_random.h"
#include "tests/support/temporary_directory.h"

namespace derp::relay {
namespace {

// Collects log lines.
struct Log {
  std::string lines;
  Logger logger{[this](LogLevel, std::string_view text) { lines += std::string(text) + "\n"; }};
};

const std::string kHex(64, '7');
const SystemClock kClock;

TEST_CASE("a new key is written as the Go program writes it and read again", "[derper][key]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a/b/derper.key";
  Log log;
  test::FixedRandom random;
  const auto made = LoadOrCreateKey(path, random, log.logger);
  REQUIRE(made.has_value());
  CHECK(*ReadFile(path, 1000) == "{\n\t\"PrivateKey\": \"" + made->ToString() + "\"\n}");
  struct stat info{};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  REQUIRE(stat((folder / "a").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);
  const auto read = LoadOrCreateKey(path, random, log.logger);
  REQUIRE(read.has_value());
  CHECK(read->Public() == made->Public());
  CHECK(log.lines.empty());
}

TEST_CASE("a key file is read as Go reads it", "[derper][key]") {
  for (const std::string& text : {R"({"PrivateKey":"privkey:)" + kHex + R"("})",
                                  R"({"other":[1],"privatekey":"privkey:)" + kHex + R"("})"}) {
    CAPTURE(text);
    CHECK(ParseKeyFile(text).has_value());
  }
}

TEST_CASE("a wrong key file is refused without telling what it holds", "[derper][key]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "{", "[]", "null", "{}", R"({"PrivateKey":7})",
               R"({"PrivateKey":"privkey:5ec2e7"})", R"({"PrivateKey":"nodekey:)" + kHex + R"("})",
               R"({"PrivateKey":"privkey:)" + std::string(64, '0') + R"("})");
  CAPTURE(text);
  const auto key = ParseKeyFile(text);
  REQUIRE(!key.has_value());
  CHECK(key.error().context.starts_with("config: "));
  CHECK(key.error().context.find("5ec2e7") == std::string::npos);
}

TEST_CASE("a bad key file stays as it is", "[derper][key]") {
  const test::TemporaryDirectory folder;
  REQUIRE(WriteFileAtomically(folder / "k", "{}", 0644).has_value());
  Log log;
  test::FixedRandom random;
  CHECK_FALSE(LoadOrCreateKey(folder / "k", random, log.logger).has_value());
  CHECK(*ReadFile(folder / "k", 10) == "{}");
  CHECK(log.lines.find("can be read by others") != std::string::npos);
  CHECK_FALSE(LoadOrCreateKey(folder.path(), random, log.logger).has_value());
}

TEST_CASE("only root has a default key file", "[derper][key]") {
  Log log;
  CHECK(*KeyFilePath("x", false, log.logger) == "x");
  CHECK(*KeyFilePath("", true, log.logger) == "/var/lib/derper/derper.key");
  CHECK(log.lines == "no config path specified; using /var/lib/derper/derper.key\n");
  CHECK(KeyFilePath("", false, log.logger).error().context == "-c <config path> not specified");
}

TEST_CASE("the mesh key comes from its file, blanks around it ignored", "[derper][key]") {
  const test::TemporaryDirectory folder;
  REQUIRE(WriteFileAtomically(folder / "m", " \n" + std::string(64, 'A') + "\n", 0600).has_value());
  Options options;
  options.mesh_psk_file = folder / "m";
  Log log;
  const auto key = LoadMeshKey(options, {}, kClock, log.logger);
  REQUIRE(key.has_value());
  REQUIRE(key->has_value());
  CHECK((*key)->ToString() == std::string(64, 'a'));
  CHECK(log.lines == "Got mesh key from static file\nDERP mesh key configured\n");
}

TEST_CASE("an empty mesh key file is an error, never no key", "[derper][key]") {
  const test::TemporaryDirectory folder;
  Options options;
  options.mesh_psk_file = folder / "m";
  Log log;
  for (const std::string& text : {std::string(), std::string(" \n"), std::string(64, '0')}) {
    CAPTURE(text);
    REQUIRE(WriteFileAtomically(folder / "m", text, 0600).has_value());
    const auto key = LoadMeshKey(options, {}, kClock, log.logger);
    REQUIRE(!key.has_value());
    CHECK(key.error().context ==
          "invalid mesh key: " + (folder / "m") + (text.size() > 2 ? ": all zeros" : " is empty"));
  }
}

TEST_CASE("the secret's cache is a file, or one in a directory that exists", "[derper][key]") {
  const test::TemporaryDirectory folder;
  Options options;
  options.secrets_url = "https://setec.test";
  options.secrets_path_prefix = "/test//derp";
  options.secrets_cache_dir = folder / "file";
  CHECK(MeshKeySecret(options).cache_file == folder / "file");
  CHECK(MeshKeySecret(options).name == "test/derp/meshkey");
  options.secrets_cache_dir = folder.path();
  CHECK(MeshKeySecret(options).cache_file == folder / "secrets.json");
}

TEST_CASE("without a mesh key the relay stands alone", "[derper][key]") {
  Log log;
  const auto key = LoadMeshKey(Options{}, {}, kClock, log.logger);
  REQUIRE(key.has_value());
  CHECK_FALSE(key->has_value());
  CHECK(log.lines == "No mesh key configured\n");
}

TEST_CASE("developer mode looks at the environment only", "[derper][key]") {
  Options options;
  options.dev = true;
  options.mesh_psk_file = "/nonexistent/file";
  Log log;
  CHECK_FALSE(LoadMeshKey(options, {}, kClock, log.logger)->has_value());
  CHECK(log.lines ==
        "No mesh key specified for dev via TAILSCALE_DERPER_MESH_KEY\n"
        "No mesh key configured for --dev mode\n");
  log.lines.clear();
  CHECK(
      LoadMeshKey(options, {{"TAILSCALE_DERPER_MESH_KEY", kHex}}, kClock, log.logger)->has_value());
  CHECK(log.lines == "Set mesh key from TAILSCALE_DERPER_MESH_KEY\nDERP mesh key configured\n");
}

TEST_CASE("a wrong mesh key is fatal", "[derper][key]") {
  Options options;
  options.dev = true;
  Log log;
  for (const std::string& text :
       {std::string(63, '7'), std::string(65, '7'), std::string(64, 'g'), std::string(64, '0')}) {
    CAPTURE(text);
    const auto key =
        LoadMeshKey(options, {{"TAILSCALE_DERPER_MESH_KEY", text}}, kClock, log.logger);
    REQUIRE(!key.has_value());
    CHECK(key.error().context.starts_with("invalid mesh key: "));
    CHECK(key.error().context.find(text) == std::string::npos);
  }
  options.dev = false;
  options.mesh_psk_file = "/nonexistent/file";
  CHECK(LoadMeshKey(options, {}, kClock, log.logger).error().context ==
        "StaticFile failed to get key: open /nonexistent/file: no such file or directory");
}

}  // namespace
}  // namespace derp::relay
