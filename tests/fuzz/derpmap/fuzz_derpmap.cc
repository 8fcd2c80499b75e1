// Any text is a map or an error. A map can be linted, and written as JSON it reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/derpmap/json_reader.h"
#include "common/derpmap/json_writer.h"
#include "common/derpmap/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = derp::derpmap::Read(text);
  if (!document) return document.error().ToString().empty() ? std::abort(), 0 : 0;
  derp::derpmap::Lint(*document);
  const std::string written = derp::derpmap::WriteJson(document->map, 0);
  const auto again = derp::derpmap::ReadJson(written);
  if (!again) std::abort();
  if (derp::derpmap::WriteJson(again->map, 0) != written) std::abort();
  return 0;
}
