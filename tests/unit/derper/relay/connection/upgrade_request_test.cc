#include "derper/relay/connection/upgrade_request.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;
using Kind = UpgradeRequest::Kind;

namespace {

UpgradeRequest Judge(std::string path, http::Headers headers) {
  http::Request request;
  request.head.method = "GET";
  request.head.headers = std::move(headers);
  request.path = std::move(path);
  return JudgeRequest(request);
}

}  // namespace

TEST_CASE("only /derp is the relay's own", "[relay]") {
  CHECK(Judge("/", {{"Upgrade", "DERP"}}).kind == Kind::kSite);
  CHECK(Judge("/derp/probe", {{"Upgrade", "DERP"}}).kind == Kind::kSite);
  CHECK(Judge("/derp", {{"Upgrade", "DERP"}}).kind == Kind::kDerp);
}

TEST_CASE("the upgrade header decides, in any letter case", "[relay]") {
  CHECK(Judge("/derp", {}).kind == Kind::kNoUpgrade);
  CHECK(Judge("/derp", {{"Upgrade", "h2c"}}).kind == Kind::kNoUpgrade);
  CHECK(Judge("/derp", {{"upgrade", "derp"}}).kind == Kind::kDerp);
  CHECK(Judge("/derp", {{"Upgrade", "WebSocket"}}).kind == Kind::kDerp);
  CHECK(Judge("/derp", {{"Upgrade", "websocket"}, {"Sec-WebSocket-Protocol", "derp"}}).kind ==
        Kind::kWebSocket);
  CHECK(Judge("/derp", {{"Upgrade", "websocket"}, {"Sec-WebSocket-Protocol", "chat"}}).kind ==
        Kind::kDerp);
}

TEST_CASE("fast start is asked for by exactly 1", "[relay]") {
  CHECK(Judge("/derp", {{"Upgrade", "DERP"}, {"Derp-Fast-Start", "1"}}).fast_start);
  CHECK_FALSE(Judge("/derp", {{"Upgrade", "DERP"}, {"Derp-Fast-Start", "true"}}).fast_start);
  CHECK_FALSE(Judge("/derp", {{"Upgrade", "DERP"}}).fast_start);
}

TEST_CASE("a client that names another node is not ideal here", "[relay]") {
  CHECK(Judge("/derp", {{"Upgrade", "DERP"}, {"Ideal-Node", "1a"}}).not_ideal);
  CHECK_FALSE(Judge("/derp", {{"Upgrade", "DERP"}, {"Ideal-Node", ""}}).not_ideal);
}
