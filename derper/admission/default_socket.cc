#include "derper/admission/default_socket.h"

#include <array>
#include <filesystem>

#include "common/base/file.h"

namespace derp::admission {
namespace {

constexpr std::size_t kMaxVersionFile = 64 * 1024;

bool IsDirectory(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool IsDsm6(const std::string& root, const std::string& dsm_major) {
  if (!dsm_major.empty()) return dsm_major == "6";
  const auto version = ReadFile(root + "etc/VERSION", kMaxVersionFile);
  return version && version->find("majorversion=\"6\"") != std::string::npos;
}

// Systems that are recognised before QNAP and gokrazy, and keep the socket where Linux has it.
bool IsOtherDistribution(const std::string& root) {
  constexpr std::array kMarkers = {"usr/local/bin/freenas-debug",
                                   "usr/bin/ubnt-device-info",
                                   "opt/google/cros-containers",
                                   "etc/debian_version",
                                   "etc/arch-release",
                                   "etc/openwrt_version",
                                   "run/current-system/sw/bin/nixos-version"};
  for (const char* marker : kMarkers) {
    if (Exists(root + marker)) return true;
  }
  return false;
}

}  // namespace

std::string DefaultTailscaledSocket(const std::string& root, const std::string& dsm_major) {
  if (IsDirectory(root + "usr/syno")) {
    return IsDsm6(root, dsm_major) ? "/var/packages/Tailscale/etc/tailscaled.sock"
                                   : "/var/packages/Tailscale/var/tailscaled.sock";
  }
  if (!IsOtherDistribution(root)) {
    if (Exists(root + "etc/config/uLinux.conf")) return "/tmp/tailscale/tailscaled.sock";
    if (IsDirectory(root + "gokrazy")) return "/perm/tailscaled/tailscaled.sock";
  }
  if (IsDirectory(root + "var/run")) return "/var/run/tailscale/tailscaled.sock";
  return "tailscaled.sock";
}

}  // namespace derp::admission
