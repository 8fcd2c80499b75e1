// Hostile login texts and boxes. What is accepted must survive being written and read again.
#include <cstdint>

#include "common/base/result.h"
#include "common/wire/login.h"

namespace {

using namespace derp;
using namespace derp::wire;

void ReadTexts(std::string_view text) {
  if (const auto info = ParseClientInfoJson(text)) {
    const auto again = ParseClientInfoJson(ClientInfoJson(*info));
    Check(again && again->version == info->version && again->can_ack_pings == info->can_ack_pings &&
              again->is_prober == info->is_prober && again->app_name == info->app_name &&
              again->mesh_key.has_value() == info->mesh_key.has_value(),
          "a client's text survives");
  }
  if (const auto info = ParseServerInfoJson(text)) {
    const auto again = ParseServerInfoJson(ServerInfoJson(*info));
    Check(again && again->version == info->version &&
              again->token_bucket_bytes_burst == info->token_bucket_bytes_burst &&
              again->token_bucket_bytes_per_second == info->token_bucket_bytes_per_second,
          "a server's text survives");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  ReadTexts(AsText(input));
  const NodePrivate server = NodePrivate::FromBytes(Bytes(kKeySize, 0x48));
  const NodePrivate client = NodePrivate::FromBytes(Bytes(kKeySize, 0x50));
  static_cast<void>(DecodeClientInfo(input, server).has_value());
  static_cast<void>(DecodeServerInfo(input, *BoxKey::Make(client, server.Public())).has_value());
  if (const auto key = DecodeServerKey(input)) {
    Bytes out;
    AppendServerKey(out, *key);
    Check(DecodeServerKey(ByteView(out).subspan(kFrameHeaderSize)) == *key, "a greeting survives");
  }
  return 0;
}
