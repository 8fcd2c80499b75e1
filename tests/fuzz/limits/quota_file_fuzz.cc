// What is read as a table of quotas is written and read again as the same.
#include "common/base/bytes.h"
#include "derper/limits/quota_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = derp::relay::ParseQuotaFile(derp::AsText(derp::ByteView(data, size)));
  if (!table) return 0;
  const auto again = derp::relay::ParseQuotaFile(derp::relay::QuotaFileText(*table));
  derp::Check(again.has_value(), "what was written can be read");
  derp::Check(again->day == table->day && again->used == table->used, "and is the same");
  return 0;
}
