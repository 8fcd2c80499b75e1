#include "common/crypto/box.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/fixed_random.h"
#include "tests/support/vectors.h"

using namespace derp;

namespace {

using Nonce = std::array<std::uint8_t, kBoxNonceSize>;

NodePrivate Secret(const nlohmann::json& data, const std::string& name) {
  return NodePrivate::FromBytes(test::Hex(data["keys"][name]["private_hex"].get<std::string>()));
}

}  // namespace

TEST_CASE("the golden boxes are sealed byte for byte and open again", "[crypto][box]") {
  const auto data = test::ReadJson("derp-frames.json");
  REQUIRE(data["boxes"].size() == 21);
  for (const auto& box : data["boxes"]) {
    CAPTURE(box["name"].get<std::string>());
    const NodePrivate from = Secret(data, box["sender"]);
    const NodePrivate to = Secret(data, box["recipient"]);
    const Bytes plaintext = test::Hex(box["plaintext_hex"].get<std::string>());
    const Bytes nonce_bytes = test::Hex(box["nonce_hex"].get<std::string>());
    Nonce nonce{};
    std::copy(nonce_bytes.begin(), nonce_bytes.end(), nonce.begin());
    const Bytes sealed = test::Hex(box["sealed_hex"].get<std::string>());
    CHECK(SealBox(plaintext, from, to.Public(), nonce) == sealed);
    CHECK(OpenBox(sealed, from.Public(), to) == plaintext);
  }
}

TEST_CASE("a box opens only whole, unchanged and between its two keys", "[crypto][box]") {
  test::FixedRandom random(7);
  const NodePrivate alice = NodePrivate::Generate(random);
  const NodePrivate bob = NodePrivate::Generate(random);
  const NodePrivate eve = NodePrivate::Generate(random);
  const Bytes sealed = *SealBox(AsBytes("hello"), alice, bob.Public(), random);
  REQUIRE(sealed.size() == 5 + kBoxOverhead);
  CHECK(OpenBox(sealed, alice.Public(), bob) == Bytes{'h', 'e', 'l', 'l', 'o'});
  CHECK_FALSE(OpenBox(sealed, eve.Public(), bob));
  CHECK_FALSE(OpenBox(sealed, alice.Public(), eve));
  for (std::size_t cut = 0; cut < sealed.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(OpenBox(ByteView(sealed).first(cut), alice.Public(), bob));
    Bytes changed = sealed;
    changed[cut] ^= 1;
    CHECK_FALSE(OpenBox(changed, alice.Public(), bob));
  }
}

TEST_CASE("zero and low-order public keys are refused", "[crypto][box]") {
  test::FixedRandom random;
  const NodePrivate own = NodePrivate::Generate(random);
  const Bytes sealed = *SealBox(AsBytes(""), own, own.Public(), random);
  CHECK(OpenBox(sealed, own.Public(), own) == Bytes{});
  std::array<std::uint8_t, kKeySize> one{};
  one[0] = 1;  // a point of order one: every shared secret is zero
  for (const NodePublic& bad : {NodePublic(), NodePublic(one)}) {
    CHECK_FALSE(SealBox(AsBytes("x"), own, bad, random));
    CHECK_FALSE(OpenBox(sealed, bad, own));
  }
}
