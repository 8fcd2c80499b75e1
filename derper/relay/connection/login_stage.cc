#include "derper/relay/connection/login_stage.h"

#include "common/base/defaults.h"
#include "common/wire/upgrade.h"

namespace derp::relay {

namespace {

constexpr std::size_t kMinClientInfo = kKeySize + kBoxNonceSize;

}  // namespace

Bytes LoginStage::Greeting(const NodePublic& server, bool fast_start) {
  Bytes out;
  if (!fast_start) AppendText(out, wire::UpgradeReplyText(server));
  wire::AppendServerKey(out, server);
  return out;
}

FrameHandler::Verdict LoginStage::OnHeader(const wire::FrameHeader& header) {
  if (header.type != wire::FrameType::kClientInfo) return FrameHandler::Verdict::kClose;
  if (header.length < kMinClientInfo || header.length > kMaxClientInfo) {
    return FrameHandler::Verdict::kClose;
  }
  if (header.length > StrangerBudget::kFreeSize && !budget_.Take(header.length, share_)) {
    return FrameHandler::Verdict::kClose;
  }
  return FrameHandler::Verdict::kTake;
}

Expected<LoggedIn, wire::LoginError> LoginStage::OnClientInfo(ByteView payload) {
  const auto received = wire::DecodeClientInfo(payload, server_);
  if (!received) return Fail(received.error());
  const wire::ClientInfo& info = received->info;
  return LoggedIn{.key = received->key,
                  .is_mesh = mesh_keys_ && info.mesh_key && mesh_keys_->Accepts(*info.mesh_key),
                  .is_prober = info.is_prober};
}

}  // namespace derp::relay
