#include "derper/admission/verdict.h"

namespace derp::admission {

std::string_view Label(MethodKind kind) {
  switch (kind) {
    case MethodKind::kDenyFile:
      return "deny_file";
    case MethodKind::kAllowFile:
      return "allow_file";
    case MethodKind::kTailscaled:
      return "tailscaled";
    case MethodKind::kUrl:
      return "url";
  }
  return "";
}

std::string_view Label(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAdmit:
      return "admitted";
    case Outcome::kRefuse:
      return "refused";
    case Outcome::kAbstain:
      return "abstained";
  }
  return "";
}

std::string_view Label(Reason reason) {
  switch (reason) {
    case Reason::kListed:
      return "listed";
    case Reason::kNotListed:
      return "not_listed";
    case Reason::kKnown:
      return "known";
    case Reason::kOwnNode:
      return "own_node";
    case Reason::kAllowed:
      return "allowed";
    case Reason::kDenied:
      return "denied";
    case Reason::kNotFound:
      return "not_found";
    case Reason::kTooOld:
      return "too_old";
    case Reason::kAccessDenied:
      return "access_denied";
    case Reason::kBadStatus:
      return "bad_status";
    case Reason::kBadAnswer:
      return "bad_answer";
    case Reason::kUnreachable:
      return "unreachable";
    case Reason::kTimeout:
      return "timeout";
    case Reason::kBusy:
      return "busy";
  }
  return "";
}

}  // namespace derp::admission
