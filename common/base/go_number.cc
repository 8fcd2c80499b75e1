#include "common/base/go_number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f'); }

bool TakeSign(std::string_view& text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

// Go's rule for underscores: only between digits, a base prefix counting as a digit.
bool UnderscoresFit(std::string_view text) {
  enum class Last { kStart, kDigit, kUnderscore, kOther };
  Last last = Last::kStart;
  TakeSign(text);
  bool hex = false;
  if (text.size() >= 2 && text[0] == '0') {
    const char base = Lower(text[1]);
    if (base == 'b' || base == 'o' || base == 'x') {
      hex = base == 'x';
      last = Last::kDigit;
      text.remove_prefix(2);
    }
  }
  for (const char c : text) {
    if (IsDigit(c) || (hex && IsHexDigit(c))) {
      last = Last::kDigit;
    } else if (c == '_') {
      if (last != Last::kDigit) return false;
      last = Last::kUnderscore;
    } else {
      if (last == Last::kUnderscore) return false;
      last = Last::kOther;
    }
  }
  return last != Last::kUnderscore;
}

unsigned TakeBase(std::string_view& digits) {
  if (digits.empty() || digits[0] != '0') return 10;
  const char mark = digits.size() >= 3 ? Lower(digits[1]) : '\0';
  const unsigned base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

unsigned DigitValue(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  const char low = Lower(c);
  if (low >= 'a' && low <= 'z') return static_cast<unsigned>(low - 'a') + 10;
  return 99;
}

// Scans digits and underscores; counts the digits.
std::size_t TakeDigits(std::string_view& text, bool hex) {
  std::size_t count = 0;
  while (!text.empty() && (text[0] == '_' || (hex ? IsHexDigit(text[0]) : IsDigit(text[0])))) {
    if (text[0] != '_') ++count;
    text.remove_prefix(1);
  }
  return count;
}

// The grammar of a Go floating-point literal with an optional sign; a hexadecimal one needs its
// exponent.
bool IsFloatSyntax(std::string_view text) {
  if (!UnderscoresFit(text)) return false;
  TakeSign(text);
  const bool hex = text.size() >= 2 && text[0] == '0' && Lower(text[1]) == 'x';
  if (hex) text.remove_prefix(2);
  std::size_t digits = TakeDigits(text, hex);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    digits += TakeDigits(text, hex);
  }
  if (digits == 0) return false;
  const bool exponent = !text.empty() && Lower(text[0]) == (hex ? 'p' : 'e');
  if (exponent) {
    text.remove_prefix(1);
    TakeSign(text);
    if (TakeDigits(text, false) == 0) return false;
  }
  return text.empty() && (exponent || !hex);
}

std::optional<double> SpecialFloat(std::string_view text) {
  if (EqualsIgnoreCase(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  const bool negative = TakeSign(text);
  if (!EqualsIgnoreCase(text, "inf") && !EqualsIgnoreCase(text, "infinity")) return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return negative ? -infinity : infinity;
}

}  // namespace

Expected<std::int64_t, NumberError> ParseGoInt(std::string_view text) {
  std::string_view digits = text;
  const bool negative = TakeSign(digits);
  if (digits.empty()) return Fail(NumberError::kSyntax);
  const unsigned base = TakeBase(digits);
  const std::uint64_t most =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    const unsigned digit = DigitValue(c);
    if (digit >= base) return Fail(NumberError::kSyntax);
    if (value > (most - digit) / base) return Fail(NumberError::kRange);
    value = value * base + digit;
  }
  if (text.find('_') != std::string_view::npos && !UnderscoresFit(text)) {
    return Fail(NumberError::kSyntax);
  }
  return static_cast<std::int64_t>(negative ? std::uint64_t{0} - value : value);
}

Expected<double, NumberError> ParseGoFloat(std::string_view text) {
  if (const std::optional<double> special = SpecialFloat(text)) return *special;
  if (!IsFloatSyntax(text)) return Fail(NumberError::kSyntax);
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain.push_back(c);
  }
  // The grammar is checked above, and no program of ours leaves the C locale.
  const double value = std::strtod(plain.c_str(), nullptr);
  if (std::isinf(value)) return Fail(NumberError::kRange);
  return value;
}

std::optional<bool> ParseGoBool(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == word) return false;
  }
  return std::nullopt;
}

std::string FormatGoFloat(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<std::size_t>(end.ptr - buffer));
  const std::size_t mark = scientific.find('e');
  int exponent = 0;
  const std::string_view digits = scientific.substr(mark + (scientific[mark + 1] == '+' ? 2 : 1));
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (exponent < -4 || exponent >= 6) return std::string(scientific);  // Go's choice for 'g'.
  char fixed[400];
  end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  return std::string(fixed, static_cast<std::size_t>(end.ptr - fixed));
}

}  // namespace derp
