// The relay's private key in a JSON file (derper.md 4.1): read, or made and written on first start.
#pragma once

#include <string>
#include <string_view>

#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/wire/key_file.h"

namespace derp::relay {

using wire::ParseKeyFile;
std::string KeyFileText(const NodePrivate& key);

// A missing file is made with mode 0600, its directories with 0700. An existing one is never
// written to. Warns when others can read it.
Expected<NodePrivate, Error> LoadOrCreateKey(const std::string& path, RandomSource& random,
                                             const Logger& logger);

// `-c`, or root's default; fails for other users without the flag.
Expected<std::string, Error> KeyFilePath(const std::string& flag, bool is_root,
                                         const Logger& logger);

}  // namespace derp::relay
