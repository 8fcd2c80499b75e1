#include "common/wire/login.h"

#include <catch2/catch.hpp>

#include "common/base/defaults.h"
#include "tests/support/fixed_random.h"

using namespace derp;
using namespace derp::wire;

namespace {

struct Pair {
  test::FixedRandom random{3};
  NodePrivate server = NodePrivate::Generate(random);
  NodePrivate client = NodePrivate::Generate(random);
  BoxKey box = *BoxKey::Make(client, server.Public());
  std::array<std::uint8_t, kBoxNonceSize> nonce{9};
};

ByteView Payload(const Bytes& frame) { return ByteView(frame).subspan(kFrameHeaderSize); }

}  // namespace

TEST_CASE("a sealed ClientInfo opens at the server it was meant for only", "[wire][login]") {
  Pair pair;
  const Bytes frame = EncodeClientInfo({.is_prober = true, .app_name = "tester"},
                                       pair.client.Public(), pair.box, pair.nonce);
  const auto received = DecodeClientInfo(Payload(frame), pair.server);
  REQUIRE(received);
  CHECK(received->key == pair.client.Public());
  CHECK(received->info.is_prober);
  CHECK(received->info.app_name == "tester");
  CHECK(DecodeClientInfo(Payload(frame), pair.client).error() == LoginError::kBoxDoesNotOpen);
}

TEST_CASE("login payloads fail typed wherever they are cut", "[wire][login]") {
  Pair pair;
  const Bytes client_info = EncodeClientInfo({}, pair.client.Public(), pair.box, pair.nonce);
  for (std::size_t cut = 0; cut < client_info.size() - kFrameHeaderSize; ++cut) {
    CAPTURE(cut);
    const auto result = DecodeClientInfo(Payload(client_info).first(cut), pair.server);
    REQUIRE_FALSE(result);
    CHECK(result.error() == (cut < 56 ? LoginError::kTooShort : LoginError::kBoxDoesNotOpen));
  }
  const Bytes server_info = *EncodeServerInfo({}, pair.server, pair.client.Public(), pair.nonce);
  for (std::size_t cut = 0; cut < server_info.size() - kFrameHeaderSize; ++cut) {
    CAPTURE(cut);
    const auto result = DecodeServerInfo(Payload(server_info).first(cut), pair.box);
    REQUIRE_FALSE(result);
    CHECK(result.error() == (cut < 24 ? LoginError::kTooShort : LoginError::kBoxDoesNotOpen));
  }
  Bytes greeting;
  AppendServerKey(greeting, pair.server.Public());
  for (std::size_t cut = 0; cut < 40; ++cut)
    CHECK(DecodeServerKey(Payload(greeting).first(cut)).error() == LoginError::kTooShort);
}

TEST_CASE("oversized login payloads are refused before they are opened", "[wire][login]") {
  Pair pair;
  CHECK(DecodeClientInfo(Bytes(kMaxClientInfo + 1), pair.server).error() == LoginError::kTooLong);
  CHECK(DecodeServerKey(Bytes(kMaxServerGreeting + 1)).error() == LoginError::kTooLong);
  CHECK(DecodeServerInfo(Bytes(kMaxClientFrame + 1), pair.box).error() == LoginError::kTooLong);
}

TEST_CASE("an all-zero key is refused on either side", "[wire][login]") {
  Pair pair;
  CHECK(DecodeClientInfo(Bytes(100), pair.server).error() == LoginError::kZeroKey);
  Bytes greeting;
  AppendServerKey(greeting, NodePublic());
  CHECK(DecodeServerKey(Payload(greeting)).error() == LoginError::kZeroKey);
  CHECK_FALSE(BoxKey::Make(pair.client, NodePublic()));
  CHECK_FALSE(EncodeServerInfo({}, pair.server, NodePublic(), pair.nonce));
}

TEST_CASE("a greeting without the magic is told from a cut one", "[wire][login]") {
  Pair pair;
  Bytes greeting;
  AppendServerKey(greeting, pair.server.Public());
  greeting[kFrameHeaderSize] = 'd';
  CHECK(DecodeServerKey(Payload(greeting)).error() == LoginError::kBadMagic);
}

TEST_CASE("every login error has a name", "[wire][login]") {
  for (const LoginError error :
       {LoginError::kTooShort, LoginError::kTooLong, LoginError::kBadMagic, LoginError::kZeroKey,
        LoginError::kBoxDoesNotOpen, LoginError::kBadJson})
    CHECK(LoginErrorName(error) != "unknown error");
}
