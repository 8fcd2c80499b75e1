#include "common/base/file.h"
#include "common/wire/key_file.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

Expected<std::optional<NodePrivate>, Error> LoadNodeKey(const Options& options) {
  if (options.key_file.empty()) return std::optional<NodePrivate>();
  const auto text = ReadFile(options.key_file, wire::kMaxKeyFile);
  if (!text) return Fail(Within("-key-file", text.error()));
  const auto key = wire::ParseKeyFile(*text);
  if (!key) return Fail(Within("-key-file " + options.key_file, key.error()));
  return std::optional<NodePrivate>(*key);
}

}  // namespace derp::probe
