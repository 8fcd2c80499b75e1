#include "derper/relay/connection/login_stage.h"

#include <catch2/catch.hpp>

#include "common/base/defaults.h"
#include "tests/support/fixed_random.h"

using namespace derp;
using namespace derp::relay;
using Verdict = FrameHandler::Verdict;

namespace {

struct Fixture {
  test::FixedRandom random;
  NodePrivate server = NodePrivate::Generate(random);
  NodePrivate client = NodePrivate::Generate(random);
  const SystemClock clock;
  std::optional<MeshKey> mesh_key = MeshKey::Parse(std::string(64, 'a'));
  MeshKeys mesh_keys{*mesh_key, clock};
  StrangerBudget budget{100'000};

  LoginStage Stage() { return {server, &mesh_keys, budget}; }
  Bytes Info(const wire::ClientInfo& info) const {
    const BoxKey box = *BoxKey::Make(client, server.Public());
    const Bytes frame = wire::EncodeClientInfo(info, client.Public(), box, {});
    return {frame.begin() + wire::kFrameHeaderSize, frame.end()};
  }
};

wire::FrameHeader Header(std::size_t length) {
  return {wire::FrameType::kClientInfo, static_cast<std::uint32_t>(length)};
}

}  // namespace

TEST_CASE("the greeting is the reply and the key, or the key alone in fast start", "[relay]") {
  Fixture f;
  Bytes key;
  wire::AppendServerKey(key, f.server.Public());
  CHECK(LoginStage::Greeting(f.server.Public(), true) == key);
  const Bytes normal = LoginStage::Greeting(f.server.Public(), false);
  CHECK(AsText(normal).starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(AsText(normal).ends_with(AsText(key)));
}

TEST_CASE("only a ClientInfo frame of a possible size is awaited", "[relay]") {
  Fixture f;
  auto stage = f.Stage();
  CHECK(stage.OnHeader({wire::FrameType::kSendPacket, 100}) == Verdict::kClose);
  CHECK(stage.OnHeader(Header(55)) == Verdict::kClose);
  CHECK(stage.OnHeader(Header(56)) == Verdict::kTake);
  CHECK(stage.OnHeader(Header(4096)) == Verdict::kTake);
  CHECK(stage.OnHeader(Header(kMaxClientInfo + 1)) == Verdict::kClose);
}

TEST_CASE("large ClientInfo frames of all strangers share a budget", "[relay]") {
  Fixture f;
  auto second = f.Stage();
  {
    auto first = f.Stage();
    CHECK(first.OnHeader(Header(60'000)) == Verdict::kTake);
    CHECK(f.budget.used() == 60'000);
    CHECK(second.OnHeader(Header(60'000)) == Verdict::kClose);
    CHECK(second.OnHeader(Header(4096)) == Verdict::kTake);
  }
  CHECK(f.budget.used() == 0);
  CHECK(second.OnHeader(Header(60'000)) == Verdict::kTake);
}

TEST_CASE("a mesh client is one that knows the relay's mesh key", "[relay]") {
  Fixture f;
  CHECK_FALSE(f.Stage().OnClientInfo(f.Info({}))->is_mesh);
  CHECK(f.Stage().OnClientInfo(f.Info({.mesh_key = f.mesh_key}))->is_mesh);
  const auto other = MeshKey::Parse(std::string(64, 'b'));
  CHECK_FALSE(f.Stage().OnClientInfo(f.Info({.mesh_key = other}))->is_mesh);
  LoginStage without{f.server, nullptr, f.budget};
  CHECK_FALSE(without.OnClientInfo(f.Info({.mesh_key = other}))->is_mesh);
}

TEST_CASE("a box that does not open is refused", "[relay]") {
  Fixture f;
  Bytes info = f.Info({});
  info.back() ^= 1;
  CHECK(f.Stage().OnClientInfo(info).error() == wire::LoginError::kBoxDoesNotOpen);
  Bytes zero = f.Info({});
  std::fill(zero.begin(), zero.begin() + kKeySize, std::uint8_t{0});
  CHECK(f.Stage().OnClientInfo(zero).error() == wire::LoginError::kZeroKey);
}
