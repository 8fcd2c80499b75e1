#include "common/derpmap/reader.h"

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/derpmap/decoder.h"
#include "common/derpmap/json_reader.h"
#include "common/derpmap/value.h"
#include "common/derpmap/yaml_reader.h"

namespace derp::derpmap {
namespace {

std::optional<ReadError> TooLarge(std::string_view text) {
  if (text.size() <= kMaxDerpMapBytes) return std::nullopt;
  ReadError error;
  error.what = fmt::format("larger than {} bytes", kMaxDerpMapBytes);
  return error;
}

}  // namespace

std::string ReadError::ToString() const {
  std::string text;
  if (line > 0) text += fmt::format("line {}, column {}: ", line, column);
  if (!path.empty()) text += path + ": ";
  return text + what;
}

Expected<MapDocument, ReadError> ReadJson(std::string_view text) {
  if (const auto too_large = TooLarge(text)) return Fail(*too_large);
  const Expected<Value, ReadError> root = ParseJsonValue(text);
  if (!root) return Fail(root.error());
  return DecodeMap(*root, text, Syntax::kJson);
}

Expected<MapDocument, ReadError> ReadYaml(std::string_view text) {
  if (const auto too_large = TooLarge(text)) return Fail(*too_large);
  const Expected<Value, ReadError> root = ParseYamlValue(text);
  if (!root) return Fail(root.error());
  return DecodeMap(*root, text, Syntax::kYaml);
}

Expected<MapDocument, ReadError> Read(std::string_view text) {
  std::string_view start = TrimSpace(text.substr(0, 4096));
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  if (start.starts_with('<')) {
    ReadError error;
    error.what = "HTML or XML, not a DERP map";
    return Fail(error);
  }
  const bool comment = start.starts_with("//") || start.starts_with("/*");  // JSON's error says it
  const bool json =
      start.starts_with('{') || start.starts_with('[') || start.starts_with('"') || comment;
  return json ? ReadJson(text) : ReadYaml(text);
}

}  // namespace derp::derpmap
