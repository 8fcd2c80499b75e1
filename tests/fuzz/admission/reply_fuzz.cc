// What a controller or tailscaled says is an answer or an error with words; only a text with the
// word in it can admit.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "derper/admission/admission_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto allow = derp::admission::ReadVerifyReply(text);
  if (!allow && allow.error().empty()) std::abort();
  if (allow && *allow && text.find("true") == std::string_view::npos) std::abort();
  const auto key = derp::admission::OwnKeyOfStatus(text);
  if (key && !derp::admission::IsJsonObject(text)) std::abort();
  return 0;
}
