#include "common/cli/flags.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "common/base/text.h"
#include "common/cli/arguments.h"
#include "common/cli/flag_value.h"

extern char** environ;

namespace derp::cli {
namespace {

constexpr std::string_view kVersionFlag = "version";

// CLI11 takes an empty value for a missing one and a bracketed one for a list. One byte in front of
// every value keeps it from looking inside.
constexpr char kShield = '.';

std::string InvalidValue(const Flag& flag, std::string_view where, std::string_view value,
                         std::string_view why) {
  return fmt::format("invalid {}value {} for {}: {}", flag.is_bool() ? "boolean " : "",
                     GoQuote(value), where, why);
}

std::string LeftoverMessage(const Arguments& arguments) {
  std::vector<std::string> quoted;
  for (const std::string& word : arguments.rest) quoted.push_back(GoQuote(word));
  std::string text =
      fmt::format("unexpected argument{} {}", quoted.size() == 1 ? "" : "s", Join(quoted, " "));
  const std::string& flag = arguments.bool_before_rest;
  if (!flag.empty()) {
    text += fmt::format(": -{0} is a switch, write its value as -{0}={1}", flag, arguments.rest[0]);
  } else {
    text += ": flags are written -flag=value, and nothing else is expected";
  }
  return text;
}

// Kubernetes sets such for services whose name meets a program's prefix.
bool IsServiceLink(std::string_view value) {
  return value.find("tcp://") != std::string_view::npos ||
         value.find("udp://") != std::string_view::npos;
}

std::vector<std::string> EnvironmentWords(const Flag& flag, const std::string& value) {
  if (!flag.is_list()) return {value};
  std::vector<std::string> words;
  std::string word;
  for (const char c : value + " ") {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) word.push_back(c);
    if (blank && !word.empty()) words.push_back(std::exchange(word, {}));
  }
  return words;
}

}  // namespace

struct FlagSet::Impl {
  std::string program;
  std::string env_prefix;
  std::map<std::string, Flag, std::less<>> flags;  // in byte order, as the usage shows them
  std::vector<std::string>* positional = nullptr;
  std::string positional_usage;

  void Add(std::string name, FlagTarget target, std::string help);
  FlagShape ShapeOf(const std::string& name) const;
  std::optional<std::string> Assign(const std::vector<Assignment>& assignments);
  std::optional<std::string> OverlayEnvironment(const std::map<std::string, std::string>& from);
  bool VersionAsked() const;
};

void FlagSet::Impl::Add(std::string name, FlagTarget target, std::string help) {
  Flag flag = MakeFlag(name, target, std::move(help));
  flags.insert_or_assign(std::move(name), std::move(flag));
}

FlagShape FlagSet::Impl::ShapeOf(const std::string& name) const {
  const auto found = flags.find(name);
  if (found == flags.end()) return FlagShape::kUnknown;
  return found->second.is_bool() ? FlagShape::kBool : FlagShape::kValue;
}

// Hands CLI11 `--name=value` words. It calls back in the order of the words; the first bad value
// ends the run and is returned as the line for stderr.
std::optional<std::string> FlagSet::Impl::Assign(const std::vector<Assignment>& assignments) {
  std::optional<std::string> failure;
  CLI::App app;
  app.set_help_flag();
  for (auto& [name, flag] : flags) {
    Flag* const target = &flag;
    app.add_option_function<std::string>(
           "--" + name,
           [target, &failure](const std::string& shielded) {
             const std::string value = shielded.substr(1);
             const auto why = StoreFlag(*target, value);
             target->origin = Origin::kFlag;
             if (!why) return;
             const char* const where = target->is_bool() ? "-" : "flag -";
             failure = InvalidValue(*target, where + target->name, value, *why);
             throw CLI::RuntimeError(2);
           })
        ->trigger_on_parse();
  }
  std::vector<std::string> words;
  for (const Assignment& assignment : assignments) {
    words.push_back(fmt::format("--{}={}{}", assignment.name, kShield, assignment.value));
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back.
  try {
    app.parse(std::move(words));
  } catch (const CLI::Error& error) {
    if (!failure) failure = error.what();
  }
  return failure;
}

std::optional<std::string> FlagSet::Impl::OverlayEnvironment(
    const std::map<std::string, std::string>& from) {
  if (env_prefix.empty()) return std::nullopt;
  for (auto& [name, flag] : flags) {
    if (flag.was_set || name == kVersionFlag) continue;
    std::string variable = env_prefix;
    for (const char c : name) {
      variable.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    }
    const auto found = from.find(variable);
    if (found == from.end() || found->second.empty() || IsServiceLink(found->second)) continue;
    for (const std::string& word : EnvironmentWords(flag, found->second)) {
      const auto why = StoreFlag(flag, word);
      if (why) return InvalidValue(flag, "environment variable " + variable, word, *why);
    }
    flag.origin = Origin::kEnvironment;
    flag.where = variable;
  }
  return std::nullopt;
}

bool FlagSet::Impl::VersionAsked() const {
  const auto found = flags.find(kVersionFlag);
  return found != flags.end() && found->second.is_bool() && *std::get<bool*>(found->second.target);
}

FlagSet::FlagSet(std::string program, std::string env_prefix) : impl_(std::make_unique<Impl>()) {
  impl_->program = std::move(program);
  impl_->env_prefix = std::move(env_prefix);
}

FlagSet::~FlagSet() = default;

void FlagSet::Bool(std::string name, bool* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}
void FlagSet::Int(std::string name, std::int64_t* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}
void FlagSet::Float(std::string name, double* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}
void FlagSet::Text(std::string name, std::string* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}
void FlagSet::DurationFlag(std::string name, Duration* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}
void FlagSet::List(std::string name, std::vector<std::string>* target, std::string help) {
  impl_->Add(std::move(name), target, std::move(help));
}

void FlagSet::AllowPositional(std::vector<std::string>* target, std::string usage_line) {
  impl_->positional = target;
  impl_->positional_usage = std::move(usage_line);
}

ParseResult FlagSet::Parse(const std::vector<std::string>& args,
                           const std::map<std::string, std::string>& environment) {
  const auto exit = [this](int code, const std::string& message) {
    return ParseResult{.action = ParseResult::Action::kExit,
                       .exit_code = code,
                       .stderr_text = (message.empty() ? "" : message + "\n") + Usage()};
  };
  const Arguments arguments =
      ReadArguments(args, [this](const std::string& name) { return impl_->ShapeOf(name); });
  if (const auto failure = impl_->Assign(arguments.assignments)) return exit(2, *failure);
  if (arguments.wants_help) return exit(0, "");
  if (arguments.bad_usage) return exit(2, *arguments.bad_usage);
  if (impl_->VersionAsked()) return {};
  if (impl_->positional != nullptr) {
    *impl_->positional = arguments.rest;
  } else if (!arguments.rest.empty()) {
    return exit(2, LeftoverMessage(arguments));
  }
  if (const auto failure = impl_->OverlayEnvironment(environment)) return exit(2, *failure);
  return {};
}

std::optional<std::string> FlagSet::TakeFile(const std::string& path,
                                             const std::vector<FileSetting>& settings) {
  for (const FileSetting& setting : settings) {
    const std::string where = fmt::format("{}, line {}", path, setting.line);
    const auto found = impl_->flags.find(setting.name);
    if (found == impl_->flags.end()) {
      return fmt::format("{}: unknown name {}", where, GoQuote(setting.name));
    }
    Flag& flag = found->second;
    if (setting.is_list && !flag.is_list()) {
      return fmt::format("{}: {} takes one value, not a list", where, flag.name);
    }
    for (const std::string& value : setting.values) {
      if (const auto why = CheckFlag(flag, value)) {
        return fmt::format("{}: {}", where, InvalidValue(flag, flag.name, value, *why));
      }
    }
    if (flag.origin != Origin::kDefault) continue;
    for (const std::string& value : setting.values) (void)StoreFlag(flag, value);
    flag.was_set = true;
    flag.origin = Origin::kFile;
    flag.where = where;
  }
  return std::nullopt;
}

std::vector<FlagInForce> FlagSet::InForce() const {
  std::vector<FlagInForce> all;
  for (const auto& [name, flag] : impl_->flags) {
    all.push_back({.name = name,
                   .values = FlagValues(flag),
                   .is_list = flag.is_list(),
                   .origin = flag.origin,
                   .where = flag.where});
  }
  return all;
}

bool FlagSet::WasSet(std::string_view name) const {
  const auto found = impl_->flags.find(name);
  return found != impl_->flags.end() && found->second.was_set;
}

std::string FlagSet::Usage() const {
  std::string out = fmt::format("Usage of {}:\n", impl_->program);
  if (!impl_->positional_usage.empty()) out += fmt::format("  {}\n", impl_->positional_usage);
  for (const auto& [name, flag] : impl_->flags) {
    const FlagText text = DescribeFlag(flag);
    std::string head = "  -" + name;
    if (!text.value_word.empty()) head += " " + text.value_word;
    out += head;
    out += head.size() <= 4 ? "\t" : "\n    \t";  // A one-letter switch has its help beside it.
    for (const char c : text.help) {
      out.push_back(c);
      if (c == '\n') out += "    \t";
    }
    if (!flag.default_text.empty()) out += fmt::format(" (default {})", flag.default_text);
    out.push_back('\n');
  }
  return out;
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace derp::cli
