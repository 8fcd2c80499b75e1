// Any bytes are a rate configuration or an error that says something.
#include "common/base/bytes.h"
#include "derper/limits/rate_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = derp::relay::ParseRateConfig(derp::AsText(derp::ByteView(data, size)));
  if (!config) {
    derp::Check(!config.error().context.empty(), "an error says what is wrong");
    return 0;
  }
  const derp::relay::ByteRate& client = config->client;
  derp::Check((client.per_second == 0) == (client.burst == 0), "no burst without a rate");
  derp::Check(client.burst == 0 || client.burst >= derp::relay::kMaxCharge, "a frame always fits");
  return 0;
}
