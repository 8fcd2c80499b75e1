#include "derper/key_file.h"

#include <fmt/format.h>

#include "common/base/file.h"

namespace derp::relay {
namespace {

constexpr std::string_view kDefaultPath = "/var/lib/derper/derper.key";

}  // namespace

std::string KeyFileText(const NodePrivate& key) {
  return fmt::format("{{\n\t\"PrivateKey\": \"{}\"\n}}", key.ToString());
}

Expected<NodePrivate, Error> LoadOrCreateKey(const std::string& path, RandomSource& random,
                                             const Logger& logger) {
  const auto text = ReadFile(path, wire::kMaxKeyFile);
  if (text) {
    if (IsReadableByOthers(path)) {
      logger.Warn("derper: {} can be read by others; it holds the relay's private key: chmod 600",
                  path);
    }
    auto key = ParseKeyFile(*text);
    if (!key) return Fail(Within(path, key.error()));
    return key;
  }
  if (text.error().code != ErrorCode::kNotFound) return Fail(text.error());
  const NodePrivate key = NodePrivate::Generate(random);
  if (const auto made = MakeDirectories(DirectoryOf(path), 0700); !made) return Fail(made.error());
  if (const auto written = WriteFileAtomically(path, KeyFileText(key), 0600); !written) {
    return Fail(written.error());
  }
  return key;
}

Expected<std::string, Error> KeyFilePath(const std::string& flag, bool is_root,
                                         const Logger& logger) {
  if (!flag.empty()) return flag;
  if (!is_root) {
    return Fail(
        Error{.code = ErrorCode::kInvalidArgument, .context = "-c <config path> not specified"});
  }
  logger.Info("no config path specified; using {}", kDefaultPath);
  return std::string(kDefaultPath);
}

}  // namespace derp::relay
