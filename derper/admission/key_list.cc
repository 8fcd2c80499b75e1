#include "derper/admission/key_list.h"

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::admission {

Expected<KeyList, Error> KeyList::Parse(std::string_view text, const std::string& path) {
  KeyList list;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    line = TrimSpace(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    auto key = NodePublic::Parse(line);
    if (!key) key = NodePublic::ParseUntyped(line);
    if (!key || key->is_zero()) {
      return Fail(Error{.code = ErrorCode::kInvalidArgument,
                        .context = fmt::format("{}:{}: {} is no node key; want nodekey: and 64 hex "
                                               "digits, or the digits alone",
                                               path, number, GoQuote(PrintablePeerText(line)))});
    }
    list.keys_.insert(*key);
  }
  return list;
}

Expected<KeyList, Error> KeyList::Load(const std::string& path) {
  const auto text = ReadFile(path, kMaxFile);
  if (!text) return Fail(text.error());
  return Parse(*text, path);
}

}  // namespace derp::admission
