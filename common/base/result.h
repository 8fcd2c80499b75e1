// Failure as a value. Decoders return a small enum of their own; what touches the environment
// returns Error, to which each level adds what it was trying to do.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace derp {

// A T or an E. Derived from tl::expected only to make ignoring it a warning.
template <typename T, typename E>
class [[nodiscard]] Expected : public tl::expected<T, E> {
 public:
  using tl::expected<T, E>::expected;
};

template <typename E>
tl::unexpected<std::decay_t<E>> Fail(E&& error) {
  return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

enum class ErrorCode {
  kInvalidArgument,  // a flag, file or value is wrong
  kNotFound,
  kExists,
  kPermission,
  kTimeout,
  kRefused,      // connection refused, or ICMP port unreachable
  kUnreachable,  // no route to host or network
  kReset,        // connection reset by peer
  kClosed,       // orderly end where more was expected
  kTls,
  kProtocol,  // the peer broke the protocol
  kTooLarge,
  kUnsupported,
  kResource,  // descriptors, memory
  kCancelled,
  kSystem,  // any other errno
};

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  std::string context;  // A sentence for people, without a final dot.
  int sys_errno = 0;    // The errno behind it, 0 when there is none.
};

// Puts `doing` and a colon in front of the context.
Error Within(std::string_view doing, Error error);

// From errno: the code that fits, and "doing: <Go's words for the errno>", so that texts agree with
// those that scripts know (derpprobe.md 2.4). Takes the errno to be independent of evaluation
// order.
Error SystemError(std::string_view doing, int error_number);

// The lower-case text Go prints for an errno ("connection refused", "network is unreachable").
std::string ErrnoText(int error_number);

// For our own mistakes that would corrupt other people's traffic: prints and aborts, in every
// build.
void Check(bool condition, std::string_view text);

}  // namespace derp
