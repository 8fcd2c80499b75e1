// What one method says about one client, and why.
#pragma once

#include <string>
#include <string_view>

namespace derp::admission {

enum class MethodKind { kDenyFile, kAllowFile, kTailscaled, kUrl };
inline constexpr std::size_t kMethodKinds = 4;

enum class Outcome { kAdmit, kRefuse, kAbstain };

enum class Reason {
  kListed,
  kNotListed,
  kKnown,
  kOwnNode,
  kAllowed,
  kDenied,
  kNotFound,
  kTooOld,
  kAccessDenied,
  kBadStatus,
  kBadAnswer,
  kUnreachable,
  kTimeout,
  kBusy,
};

struct Verdict {
  Outcome outcome = Outcome::kRefuse;
  Reason reason = Reason::kBusy;
  std::string text{};     // for the log: why it is not admitted, or why it is admitted all the same
  bool answered = false;  // whoever was asked is there and said something
};

std::string_view Label(MethodKind kind);  // "tailscaled"
std::string_view Label(Outcome outcome);  // "admitted"
std::string_view Label(Reason reason);    // "not_found"

}  // namespace derp::admission
