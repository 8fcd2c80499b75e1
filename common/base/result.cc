#include "common/base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace derp {

Error Within(std::string_view doing, Error error) {
  error.context = fmt::format("{}: {}", doing, error.context);
  return error;
}

std::string ErrnoText(int error_number) {
  switch (error_number) {
    case EAGAIN:
      return "resource temporarily unavailable";
    case ETIMEDOUT:
      return "connection timed out";
    default:
      break;
  }
  std::string text = std::strerror(error_number);
  // Go's table is lower case but for proper names; strerror's differs in the first letter only.
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && text.compare(0, 2, "RF") != 0) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

Error SystemError(std::string_view doing, int error_number) {
  ErrorCode code = ErrorCode::kSystem;
  switch (error_number) {
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case EEXIST:
      code = ErrorCode::kExists;
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::kPermission;
      break;
    case ETIMEDOUT:
      code = ErrorCode::kTimeout;
      break;
    case ECONNREFUSED:
      code = ErrorCode::kRefused;
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      code = ErrorCode::kUnreachable;
      break;
    case ECONNRESET:
    case EPIPE:
      code = ErrorCode::kReset;
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      code = ErrorCode::kResource;
      break;
    case EINVAL:
      code = ErrorCode::kInvalidArgument;
      break;
    case EMSGSIZE:
      code = ErrorCode::kTooLarge;
      break;
    default:
      break;
  }
  return Error{code, fmt::format("{}: {}", doing, ErrnoText(error_number)), error_number};
}

void Check(bool condition, std::string_view text) {
  if (condition) return;
  fmt::print(stderr, "internal error: {}\n", text);
  std::abort();
}

}  // namespace derp
