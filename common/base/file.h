// Whole files: reading with a bound, writing so that a crash leaves the old or the new content. For
// keys, certificates, maps and state. Blocking; errors read as Go's ("open /x: no such file or
// directory").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace derp {

// kNotFound when it does not exist, kTooLarge above `max_bytes`.
Expected<std::string, Error> ReadFile(const std::string& path, std::size_t max_bytes);

// What standard input still holds, up to its end; also where it cannot be opened by a name.
Expected<std::string, Error> ReadStandardInput(std::size_t max_bytes);

// A temporary file beside it with `mode`, fsync, rename, fsync of the directory. Refused when
// `path` exists and is no regular file (a socket, a directory, a device).
Expected<void, Error> WriteFileAtomically(const std::string& path, std::string_view content,
                                          unsigned mode);

// "/a/b" to "/a", "/a" to "/", "a" to ".".
std::string DirectoryOf(const std::string& path);

// Creates `path` and its missing parents with `mode` (less the umask). Existing ones stay as they
// are.
Expected<void, Error> MakeDirectories(const std::string& path, unsigned mode);

bool FileExists(const std::string& path);

// Whether the group or others may read it. False when it cannot be looked at.
bool IsReadableByOthers(const std::string& path);

}  // namespace derp
