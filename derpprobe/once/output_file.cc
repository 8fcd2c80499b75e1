#include "derpprobe/once/output_file.h"

#include <cerrno>
#include <cstdio>
#include <sys/stat.h>

#include "common/base/file.h"

namespace derp::probe {

namespace {

constexpr unsigned kNewFileMode = 0644;  // node_exporter reads as another user

unsigned ModeFor(const std::string& path) {
  struct stat existing{};
  if (stat(path.c_str(), &existing) != 0) return kNewFileMode;
  return static_cast<unsigned>(existing.st_mode) & 07777U;
}

}  // namespace

Expected<void, Error> WriteOutput(const std::string& path, std::string_view text) {
  if (!path.empty()) {
    const auto written = WriteFileAtomically(path, text, ModeFor(path));
    if (!written) return Fail(Within("-output " + path, written.error()));
    return {};
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return Fail(SystemError("write standard output", errno));
  }
  return {};
}

}  // namespace derp::probe
