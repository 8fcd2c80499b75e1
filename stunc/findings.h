// What is worth saying about one query beside its figures, with the codes of findings.md (stage
// stun). Pure judgement over what was measured.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/socket_address.h"
#include "stunc/query.h"

namespace derp::stunc {

enum class Severity { kError, kWarning };
std::string_view SeverityName(Severity severity);

struct Finding {
  Severity severity = Severity::kError;
  std::string code;      // "stun.no_reply"
  std::string headline;  // behind "error[code] 192.0.2.1:3478", may be empty
  std::string fact;
  std::string help;
};

// Whom was asked, and from where.
struct Asked {
  std::string name;      // as the command line says it
  SocketAddress target;  // the address asked
  unsigned most_sends = 1;
  std::optional<SocketAddress> local;  // the address and port the requests left from, if known
};

std::vector<Finding> JudgeQuery(const Asked& asked, const QueryResult& result);

// "you are behind NAT (local 10.0.0.4:41641)" and its kin; empty when the local address is unknown.
std::string NatText(const Asked& asked, const SocketAddress& mapped);

}  // namespace derp::stunc
