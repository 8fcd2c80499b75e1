// JSON text to a tree of values. The only file of this folder that knows the JSON library, which
// here only cuts tokens: types and names are judged in decoder.cc.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/derpmap/value.h"

namespace derp::derpmap {
namespace {

// Walks the text and counts, so that an event knows where its token ended.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* count_;
};

class Events {
 public:
  Events(std::string_view text, const std::size_t& consumed) : text_(text), consumed_(consumed) {}

  // The library asks for these names.
  bool null() { return tree_.Scalar(Value::Kind::kNull, Before(4), "null"); }
  bool boolean(bool value) {
    return tree_.Scalar(Value::Kind::kBool, Before(value ? 4 : 5), value ? "true" : "false");
  }
  bool number_integer(std::int64_t value) { return Number(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return Number(std::to_string(value)); }
  bool number_float(double /*value*/, const std::string& raw) { return Number(raw); }
  bool string(std::string& value) {
    return tree_.Scalar(Value::Kind::kString, StringStart(), std::move(value));
  }
  bool binary(std::vector<std::uint8_t>& /*value*/) { return false; }  // no such thing in JSON
  bool start_object(std::size_t /*size*/) { return tree_.Start(Value::Kind::kObject, Before(1)); }
  bool start_array(std::size_t /*size*/) { return tree_.Start(Value::Kind::kArray, Before(1)); }
  bool key(std::string& value) { return tree_.Key(StringStart(), std::move(value)); }
  bool end_object() { return tree_.End(); }
  bool end_array() { return tree_.End(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& error) {
    std::string_view what = error.what();
    const std::size_t cut = what.find("syntax error");
    if (cut != std::string_view::npos) what.remove_prefix(cut);
    if (error_) return false;
    const std::size_t at = position == 0 ? 0 : position - 1;
    if (const auto comment = CommentAt(at)) {
      error_ = ErrorAt(text_, *comment, "comments do not belong into a map's JSON");
    } else {
      error_ = ErrorAt(text_, at, PrintablePeerText(what));
    }
    return false;
  }

  Expected<Value, ReadError> Take() {
    if (error_) return Fail(*error_);
    if (!tree_.done() || !tree_.failure().empty())
      return Fail(ErrorAt(text_, tree_.failure_offset(), tree_.failure()));
    return tree_.TakeRoot();
  }

 private:
  // The parser stops at a comment's first or second character.
  std::optional<std::size_t> CommentAt(std::size_t stopped) const {
    for (const std::size_t at : {stopped, stopped == 0 ? 0 : stopped - 1}) {
      const std::string_view start = text_.substr(std::min(at, text_.size()), 2);
      if (start == "//" || start == "/*") return at;
    }
    return std::nullopt;
  }
  // A number ends where something else begins: its next character is already consumed, unless the
  // text ended.
  bool Number(std::string text) {
    std::size_t end = consumed_;
    while (end > 0 && !IsNumberPart(text_[end - 1])) --end;
    while (end > 0 && IsNumberPart(text_[end - 1])) --end;
    return tree_.Scalar(Value::Kind::kNumber, end, std::move(text));
  }
  static bool IsNumberPart(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  }
  std::size_t Before(std::size_t length) const {
    return consumed_ >= length ? consumed_ - length : 0;
  }
  // The opening quote of the string whose closing quote was consumed last.
  std::size_t StringStart() const {
    std::size_t at = Before(1);
    while (at > 0) {
      --at;
      if (text_[at] != '"') continue;
      std::size_t slashes = 0;
      while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
      if (slashes % 2 == 0) return at;
    }
    return 0;
  }

  std::string_view text_;
  const std::size_t& consumed_;
  TreeBuilder tree_;
  std::optional<ReadError> error_;
};

std::optional<unsigned> EscapedUnit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    unsigned digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<unsigned>(c - 'A') + 10;
    else
      return std::nullopt;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Half of a surrogate pair alone becomes U+FFFD, as in Go; the library would refuse the text.
void MendLoneSurrogates(std::string& text) {
  for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i)) {
    const std::optional<unsigned> unit = EscapedUnit(text, i);
    if (!unit) {
      i += 2;
      continue;
    }
    const std::optional<unsigned> next = EscapedUnit(text, i + 6);
    const bool high = *unit >= 0xd800 && *unit < 0xdc00;
    const bool low = *unit >= 0xdc00 && *unit < 0xe000;
    if (high && next && *next >= 0xdc00 && *next < 0xe000) {
      i += 12;
      continue;
    }
    if (high || low) text.replace(i + 2, 4, "FFFD");
    i += 6;
  }
}

// The length of the UTF-8 character at `at`, 0 when there is none (RFC 3629 section 4).
std::size_t CharacterLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// Bytes that are no UTF-8 become U+FFFD one by one, as in Go.
std::string Mend(std::string_view text) {
  std::string mended;
  mended.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = CharacterLength(text, i);
    mended += length > 0 ? text.substr(i, length) : std::string_view("\xef\xbf\xbd");
    i += length > 0 ? length : 1;
  }
  MendLoneSurrogates(mended);
  return mended;
}

}  // namespace

Expected<Value, ReadError> ParseJsonValue(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf"))
    return Fail(ErrorAt(text, 0, "begins with a byte order mark, which JSON forbids"));
  if (TrimSpace(text).empty()) return Fail(ErrorAt(text, text.size(), "empty text"));
  const std::string mended = Mend(text);
  std::size_t consumed = 0;
  Events events(mended, consumed);
  const char* begin = mended.data();
  const char* end = begin + mended.size();
  nlohmann::json::sax_parse(CountingIterator(begin, &consumed), CountingIterator(end, &consumed),
                            &events, nlohmann::json::input_format_t::json, /*strict=*/false);
  return events.Take();
}

}  // namespace derp::derpmap
