#include "tests/support/vectors.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/base/hex.h"

namespace derp::test {

std::string ReadData(std::string_view path) {
  const std::string full = std::string(DERP_TEST_DATA) + "/" + std::string(path);
  std::ifstream file(full, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + full);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

nlohmann::json ReadJson(std::string_view path) { return nlohmann::json::parse(ReadData(path)); }

Bytes Hex(std::string_view text) {
  auto bytes = DecodeHex(text);
  if (!bytes) throw std::runtime_error("not hex: " + std::string(text));
  return *bytes;
}

}  // namespace derp::test
