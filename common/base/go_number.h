// Numbers and truth values as Go's package strconv reads and prints them. Flags, metrics and
// configuration share these forms with the Go programs (derper.md 1.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace derp {

enum class NumberError { kSyntax, kRange };

// strconv.ParseInt(text, 0, 64): a sign, the prefixes 0x, 0o, 0b and 0, and single underscores
// between digits.
Expected<std::int64_t, NumberError> ParseGoInt(std::string_view text);

// strconv.ParseFloat(text, 64): decimal and hexadecimal forms, inf, infinity and nan in either
// case. Too large is a range error, too small is zero.
Expected<double, NumberError> ParseGoFloat(std::string_view text);

// strconv.ParseBool: 1 t T TRUE true True and their opposites; nothing else.
std::optional<bool> ParseGoBool(std::string_view text);

// strconv.FormatFloat(value, 'g', -1, 64): the shortest text that reads back as `value`; from a
// million on with an exponent ("1e+06"); "+Inf", "-Inf", "NaN".
std::string FormatGoFloat(double value);

}  // namespace derp
