// Any text is a list of node keys or an error that names a line; a list is no longer than its text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "derper/admission/key_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = derp::admission::KeyList::Parse(text, "keys");
  if (!list && !list.error().context.starts_with("keys:")) std::abort();
  if (list && list->size() * 64 > size) std::abort();
  if (list && list->Contains(derp::NodePublic())) std::abort();
  return 0;
}
