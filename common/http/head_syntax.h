// What request and response heads have in common (RFC 9112): finding the end of a head, cutting
// lines, checking characters, reading header fields. Bounded before memory is taken.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/http/headers.h"

namespace derp::http {

// More fields than any real client sends; each costs us two strings.
inline constexpr std::size_t kMaxHeaderFields = 128;

enum class HeadError {
  kMalformed,           // 400
  kMissingHost,         // 400
  kBadHost,             // 400: several Host fields, or characters no host has
  kTooLarge,            // 431: more bytes or fields than allowed
  kUnsupportedVersion,  // 505
};

// "malformed head" and so on, for logs and findings.
std::string_view HeadErrorText(HeadError error);

// RFC 9110 5.6.2.
bool IsToken(std::string_view text);
// No control bytes but tab; bytes above 0x7f are allowed, as in Go.
bool IsFieldValue(std::string_view text);

// Length of the head at the front of `text` with its empty line; empty when that is still to come.
// A bare LF ends a line too, as in Go.
std::optional<std::size_t> FindHeadEnd(std::string_view text);

// Takes a line off the front of `text`, without its end.
std::string_view TakeLine(std::string_view& text);

// Reads the fields of a whole head behind its first line, up to the empty line. Folded lines,
// blanks before the colon and names that are no tokens are refused: two servers that read such a
// field differently can be played against each other.
Expected<Headers, HeadError> ParseFields(std::string_view text);

}  // namespace derp::http
