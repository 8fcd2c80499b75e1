// How a connection to a relay fails, for every client of this folder.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"

namespace derp {

enum class ClientFault {
  kTransport,         // the stream below; the error's code says how (kTimeout, kClosed, kReset …)
  kUpgradeRefused,    // an HTTP answer other than 101; `answer` is set
  kUpgradeMalformed,  // no HTTP at all, or a head over the limits
  kBadGreeting,       // the first frame is no valid ServerKey
  kBadServerKey,      // a key nothing can be sealed to (of low order)
  kFrameTooLong,      // more than 1 MiB: the stream cannot be followed any more
  kBadServerInfo,     // its box does not open, or it is no JSON
};

// The other side's HTTP answer, cut and made fit to be shown.
struct HttpAnswer {
  int status = 0;
  std::string reason;
  std::string server;       // the Server header
  std::string location;     // of a redirect
  std::string first_words;  // of the body
};

struct ClientFailure {
  ClientFault fault = ClientFault::kTransport;
  Error error;
  std::optional<HttpAnswer> answer{};
};

}  // namespace derp
