#include "common/cli/flag_value.h"

#include <type_traits>

#include "common/base/go_duration.h"
#include "common/base/go_number.h"
#include "common/base/text.h"

namespace derp::cli {
namespace {

// Empty for a zero value, which the usage does not show.
struct ShowDefault {
  std::string operator()(const bool* value) const { return *value ? "true" : ""; }
  std::string operator()(const std::int64_t* value) const {
    return *value == 0 ? "" : std::to_string(*value);
  }
  std::string operator()(const double* value) const {
    const std::string text = FormatGoFloat(*value);
    return text == "0" ? "" : text;
  }
  std::string operator()(const std::string* value) const {
    return value->empty() ? "" : GoQuote(*value);
  }
  std::string operator()(const Duration* value) const {
    return *value == Duration::zero() ? "" : FormatGoDuration(*value);
  }
  std::string operator()(const std::vector<std::string>* value) const {
    return value->empty() ? "" : GoQuote(Join(*value, ","));
  }
};

struct ShowValue {
  using Texts = std::vector<std::string>;
  Texts operator()(const bool* value) const { return {*value ? "true" : "false"}; }
  Texts operator()(const std::int64_t* value) const { return {std::to_string(*value)}; }
  Texts operator()(const double* value) const { return {FormatGoFloat(*value)}; }
  Texts operator()(const std::string* value) const { return {*value}; }
  Texts operator()(const Duration* value) const { return {FormatGoDuration(*value)}; }
  Texts operator()(const std::vector<std::string>* value) const { return *value; }
};

template <typename Number>
std::optional<std::string> StoreNumber(Number* target, const Expected<Number, NumberError>& value) {
  if (!value) return value.error() == NumberError::kRange ? "value out of range" : "parse error";
  *target = *value;
  return std::nullopt;
}

template <typename T>
std::optional<std::string> StoreParsed(T* target, const std::optional<T>& value) {
  if (!value) return "parse error";
  *target = *value;
  return std::nullopt;
}

struct StoreText {
  std::string_view text;
  bool first;

  std::optional<std::string> operator()(bool* target) const {
    return StoreParsed(target, ParseGoBool(text));
  }
  std::optional<std::string> operator()(std::int64_t* target) const {
    return StoreNumber(target, ParseGoInt(text));
  }
  std::optional<std::string> operator()(double* target) const {
    return StoreNumber(target, ParseGoFloat(text));
  }
  std::optional<std::string> operator()(std::string* target) const {
    target->assign(text);
    return std::nullopt;
  }
  std::optional<std::string> operator()(Duration* target) const {
    return StoreParsed(target, ParseGoDuration(text));
  }
  std::optional<std::string> operator()(std::vector<std::string>* target) const {
    if (first) target->clear();
    target->emplace_back(text);
    return std::nullopt;
  }
};

std::string KindWord(const Flag& flag) {
  static constexpr std::string_view kWords[] = {"", "int", "float", "string", "duration", "string"};
  static_assert(std::size(kWords) == std::variant_size_v<FlagTarget>);
  return std::string(kWords[flag.target.index()]);
}

}  // namespace

Flag MakeFlag(std::string name, FlagTarget target, std::string help) {
  Flag flag{.name = std::move(name), .target = target, .help = std::move(help), .default_text = {}};
  flag.default_text = std::visit(ShowDefault{}, target);
  return flag;
}

std::optional<std::string> StoreFlag(Flag& flag, std::string_view text) {
  auto failure = std::visit(StoreText{.text = text, .first = !flag.was_set}, flag.target);
  if (!failure) flag.was_set = true;
  return failure;
}

std::optional<std::string> CheckFlag(const Flag& flag, std::string_view text) {
  return std::visit(
      [text](auto* target) {
        std::remove_pointer_t<decltype(target)> spare{};
        return StoreText{.text = text, .first = true}(&spare);
      },
      flag.target);
}

std::vector<std::string> FlagValues(const Flag& flag) {
  return std::visit(ShowValue{}, flag.target);
}

FlagText DescribeFlag(const Flag& flag) {
  const std::size_t open = flag.help.find('`');
  const std::size_t close =
      open == std::string::npos ? std::string::npos : flag.help.find('`', open + 1);
  if (close == std::string::npos) return {.value_word = KindWord(flag), .help = flag.help};
  const std::string word = flag.help.substr(open + 1, close - open - 1);
  return {.value_word = word,
          .help = flag.help.substr(0, open) + word + flag.help.substr(close + 1)};
}

}  // namespace derp::cli
