#include "common/crypto/keys.h"

#include <unordered_set>

#include <catch2/catch.hpp>

#include "tests/support/fixed_random.h"
#include "tests/support/vectors.h"

using namespace derp;

TEST_CASE("the golden key pairs have their public halves and text forms", "[crypto][keys]") {
  const auto keys = test::ReadJson("derp-frames.json")["keys"];
  REQUIRE(keys.size() == 4);
  for (const auto& [name, pair] : keys.items()) {
    CAPTURE(name);
    const std::string private_text = pair["private_text"];
    const std::string public_text = pair["public_text"];
    const auto secret = NodePrivate::Parse(private_text);
    REQUIRE(secret);
    CHECK(secret->ToString() == private_text);
    CHECK(secret->Public().UntypedHex() == pair["public_hex"].get<std::string>());
    CHECK(secret->Public().ToString() == public_text);
    CHECK(secret->Public().ShortString() == pair["short_string"].get<std::string>());
    CHECK(NodePublic::Parse(public_text) == secret->Public());
    CHECK(NodePublic::FromBytes(test::Hex(pair["public_hex"].get<std::string>())) ==
          secret->Public());
  }
}

TEST_CASE("key texts are read as the golden list says", "[crypto][keys]") {
  const auto data = test::ReadJson("derp-frames.json");
  for (const auto& entry : data["key_text"]) {
    const std::string kind = entry["kind"];
    const std::string text = entry["in"];
    const std::string reprinted = entry.value("reprints_as", text);
    CAPTURE(kind, text);
    std::optional<std::string> printed;
    if (kind == "node_public_text") {
      if (const auto key = NodePublic::Parse(text)) printed = key->ToString();
    } else if (kind == "node_public_untyped") {
      if (const auto key = NodePublic::ParseUntyped(text)) printed = key->UntypedHex();
    } else {
      REQUIRE(kind == "mesh_key");
      if (const auto key = MeshKey::Parse(text)) printed = key->ToString();
    }
    CHECK(printed.has_value() == entry["ok"].get<bool>());
    if (printed) CHECK(*printed == reprinted);
  }
}

TEST_CASE("a generated private key is clamped", "[crypto][keys]") {
  for (const std::uint8_t start : {std::uint8_t{0x00}, std::uint8_t{0x57}, std::uint8_t{0xff}}) {
    test::FixedRandom random(start);
    const NodePrivate key = NodePrivate::Generate(random);
    CHECK((key.bytes()[0] & 0x07) == 0);
    CHECK((key.bytes()[31] & 0xc0) == 0x40);
  }
}

TEST_CASE("the zero key means absent and has no short form", "[crypto][keys]") {
  CHECK(NodePublic().is_zero());
  CHECK(NodePublic().ShortString().empty());
  CHECK(NodePrivate().is_zero());
  CHECK(NodePrivate().Public().is_zero());
  CHECK(MeshKey::Parse(std::string(64, '0'))->is_zero());
}

TEST_CASE("a private key is read with its exact prefix only", "[crypto][keys]") {
  const std::string digits(64, 'a');
  CHECK(NodePrivate::Parse("privkey:" + digits));
  CHECK_FALSE(NodePrivate::Parse("nodekey:" + digits));
  CHECK_FALSE(NodePrivate::Parse("Privkey:" + digits));
  CHECK_FALSE(NodePrivate::Parse(digits));
  CHECK_FALSE(NodePrivate::Parse("privkey:" + digits + "\n"));
}

TEST_CASE("mesh keys compare by value", "[crypto][keys]") {
  const std::string digits(64, 'a');
  const auto key = MeshKey::Parse(digits);
  const auto same = MeshKey::Parse(" " + std::string(64, 'A') + "\n");
  const auto other = MeshKey::Parse(std::string(63, 'a') + "b");
  REQUIRE((key && same && other));
  CHECK(key->ConstantTimeEquals(*same));
  CHECK_FALSE(key->ConstantTimeEquals(*other));
}

TEST_CASE("public keys serve as hash keys", "[crypto][keys]") {
  std::unordered_set<NodePublic> keys;
  keys.insert(NodePublic());
  keys.insert(*NodePublic::ParseUntyped(std::string(64, 'a')));
  keys.insert(*NodePublic::ParseUntyped(std::string(64, 'A')));
  CHECK(keys.size() == 2);
}

TEST_CASE("random units lie in the half-open unit interval", "[crypto][random]") {
  SystemRandom random;
  for (int i = 0; i < 1000; ++i) {
    const double unit = random.Unit();
    CHECK((unit >= 0.0 && unit < 1.0));
  }
  CHECK(random.U64() != random.U64());
  test::FixedRandom ones(0x01);
  CHECK(ones.U64() == 0x0102030405060708U);
}
