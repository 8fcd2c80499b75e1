#include "common/http/debug_access.h"

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/url.h"

namespace derp::http {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;

std::string Lookup(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// Takes the same time wherever the texts differ.
bool SameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return difference == 0;
}

bool InBlock(std::string_view block, const IpAddress& address) {
  return IpPrefix::Parse(block)->Contains(address);
}

// The addresses Tailscale gives out: the carrier-grade NAT block without the part that ChromeOS
// uses for its containers, and its own IPv6 block.
bool IsTailnet(const IpAddress& address) {
  return (InBlock("100.64.0.0/10", address) && !InBlock("100.115.92.0/23", address)) ||
         InBlock("fd7a:115c:a1e0::/48", address);
}

}  // namespace

Expected<DebugAccess, Error> DebugAccess::FromEnvironment(
    const std::map<std::string, std::string>& environment) {
  DebugAccess access;
  access.key_path_ = Lookup(environment, "TS_DEBUG_KEY_PATH");
  access.allowed_ip_ = Lookup(environment, "TS_ALLOW_DEBUG_IP");
  const std::string list = Lookup(environment, "TS_DEBUG_TRUSTED_CIDRS");
  for (const std::string_view item : Split(list, ',')) {
    const std::string_view text = TrimSpace(item);
    if (text.empty()) continue;
    const auto prefix = IpPrefix::Parse(text);
    if (!prefix || text.find('/') == std::string_view::npos) {
      return Fail(Error{
          .code = ErrorCode::kInvalidArgument,
          .context = fmt::format("TS_DEBUG_TRUSTED_CIDRS: {} is no address block", GoQuote(text))});
    }
    access.trusted_.push_back(*prefix);
  }
  return access;
}

bool DebugAccess::Allows(const Request& request, DebugNeed need) const {
  if (HasKey(request)) return true;
  // Behind a proxy every visitor would look like this machine.
  for (const std::string_view value : request.head.headers.All("X-Forwarded-For")) {
    if (!value.empty()) return false;
  }
  return TrustsAddress(request.remote.ip.Unmap(), request.proxied, need);
}

bool DebugAccess::HasKey(const Request& request) const {
  if (key_path_.empty() || request.method() != "GET") return false;
  const std::string given = QueryValue(request.query, "debugkey");
  if (given.empty()) return false;
  const auto key = ReadFile(key_path_, kMaxKeyFile);
  return key && SameSecret(TrimSpace(*key), given);
}

bool DebugAccess::TrustsAddress(const IpAddress& address, bool proxied, DebugNeed need) const {
  if (address.IsLoopback()) return !proxied;
  if (IsTailnet(address)) {
    if (proxied) return false;
    if (need == DebugNeed::kPages) return true;
  }
  if (!allowed_ip_.empty() && address.ToString() == allowed_ip_) return true;
  for (const IpPrefix& prefix : trusted_) {
    if (prefix.Contains(address)) return true;
  }
  return false;
}

}  // namespace derp::http
