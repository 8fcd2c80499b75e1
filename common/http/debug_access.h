// Who may see the pages under /debug/ (derper.md 2.7): this machine, the tailnet, and whom the
// environment names. Immutable after reading the environment; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/http/request.h"

namespace derp::http {

// What a page asks for. Profiles and traffic show more than an operator's colleagues need, so an
// address of the tailnet alone does not open those.
enum class DebugNeed { kPages, kPrivate };

class DebugAccess {
 public:
  // TS_DEBUG_KEY_PATH, TS_ALLOW_DEBUG_IP and TS_DEBUG_TRUSTED_CIDRS; a bad entry of the last is an
  // error.
  static Expected<DebugAccess, Error> FromEnvironment(
      const std::map<std::string, std::string>& environment);

  // Reads the key file when the request brings a key, so that a new key counts at once. An address
  // that a PROXY head gives never counts as this machine or the tailnet: anybody's proxy may be in
  // front.
  bool Allows(const Request& request, DebugNeed need = DebugNeed::kPages) const;

 private:
  bool HasKey(const Request& request) const;
  bool TrustsAddress(const IpAddress& address, bool proxied, DebugNeed need) const;

  std::string key_path_;
  std::string allowed_ip_;
  std::vector<IpPrefix> trusted_;
};

}  // namespace derp::http
