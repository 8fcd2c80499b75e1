#include "derper/admission/key_list.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "derper/admission/key_files.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::admission;

namespace {

std::string Hex(char digit) { return std::string(64, digit); }

NodePublic Key(char digit) { return *NodePublic::ParseUntyped(Hex(digit)); }

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("a key list takes both forms, comments and blank lines", "[admission]") {
  const auto list = KeyList::Parse("# who may\n\nnodekey:" + Hex('1') + "\r\n  " + Hex('2') +
                                       "\t# a laptop\n" + Hex('1') + "\n#" + Hex('3'),
                                   "keys");
  REQUIRE(list.has_value());
  CHECK(list->size() == 2);
  CHECK(list->Contains(Key('1')));
  CHECK(list->Contains(Key('2')));
  CHECK_FALSE(list->Contains(Key('3')));
  CHECK(KeyList::Parse("", "keys")->size() == 0);
}

TEST_CASE("a bad line is told by file and number", "[admission]") {
  const std::string good = Hex('1') + "\n";
  for (const std::string& line :
       {std::string("nodekey:"), std::string(63, '1'), std::string(65, '1'), "nodekey:" + Hex('g'),
        "privkey:" + Hex('1'), Hex('0'), Hex('1') + " " + Hex('2'), std::string("a\x1b[2Jb")}) {
    CAPTURE(line);
    const auto list = KeyList::Parse(good + "\n" + line + "\n" + good, "etc/keys");
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().context.starts_with("etc/keys:3: \""));
    CHECK(list.error().context.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("the deny file wins, then the allow file admits", "[admission]") {
  const test::TemporaryDirectory folder;
  Write(folder / "allow", Hex('1') + "\n" + Hex('2') + "\n");
  Write(folder / "deny", Hex('2') + "\n" + Hex('3') + "\n");
  KeyFiles files(folder / "allow", folder / "deny");
  const auto said = files.Load();
  REQUIRE(said.has_value());
  CHECK(*said == "2 keys in " + (folder / "allow") + ", 2 keys in " + (folder / "deny"));
  CHECK(files.Find(Key('1'))->verdict.outcome == Outcome::kAdmit);
  CHECK(files.Find(Key('2'))->method == MethodKind::kDenyFile);
  CHECK(files.Find(Key('3'))->verdict.outcome == Outcome::kRefuse);
  CHECK_FALSE(files.Find(Key('4')).has_value());
  CHECK(files.NotListed()->verdict.reason == Reason::kNotListed);
}

TEST_CASE("without an allow file nobody is kept out for not being listed", "[admission]") {
  const test::TemporaryDirectory folder;
  Write(folder / "deny", Hex('3'));
  KeyFiles files("", folder / "deny");
  REQUIRE(files.Load().has_value());
  CHECK_FALSE(files.NotListed().has_value());
  CHECK(files.any());
  CHECK_FALSE(KeyFiles("", "").any());
}

TEST_CASE("a bad file keeps both lists as they were", "[admission]") {
  const test::TemporaryDirectory folder;
  Write(folder / "allow", Hex('1'));
  Write(folder / "deny", Hex('2'));
  KeyFiles files(folder / "allow", folder / "deny");
  REQUIRE(files.Load().has_value());
  Write(folder / "allow", Hex('3'));
  Write(folder / "deny", "rubbish");
  const auto failed = files.Load();
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().context.starts_with("-verify-deny-file: " + (folder / "deny") + ":1: "));
  CHECK(files.Find(Key('1')).has_value());
  CHECK(files.Find(Key('2')).has_value());
  CHECK_FALSE(files.Find(Key('3')).has_value());
  Write(folder / "deny", "");
  REQUIRE(files.Load().has_value());
  CHECK_FALSE(files.Find(Key('1')).has_value());
  CHECK_FALSE(files.Find(Key('2')).has_value());
  CHECK(files.Find(Key('3')).has_value());
}
