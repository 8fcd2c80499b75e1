// Command lines as Go's package flag reads them (derper.md 1.1), with the environment and a file of
// settings below them. One parser for the four programs. CLI11 stays inside the .cc file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/cli/origin.h"

namespace derp::cli {

// What to do after Parse().
struct ParseResult {
  enum class Action { kRun, kExit };
  Action action = Action::kRun;
  int exit_code = 0;        // for kExit: 0 help, 2 usage
  std::string stderr_text;  // message and usage, to be printed by main
};

// One name of a settings file, as read by common/config.
struct FileSetting {
  std::string name;
  std::vector<std::string> values;
  bool is_list = false;  // written as a list; else there is one value
  std::size_t line = 0;
};

// A flag's value in force.
struct FlagInForce {
  std::string name;
  std::vector<std::string> values;  // one, or a list's
  bool is_list = false;
  Origin origin = Origin::kDefault;
  std::string where;  // the variable, or "FILE, line 3"; empty for the others
};

class FlagSet {
 public:
  // `program` is argv[0] as shown in the usage; `env_prefix` ("DERPER_") opens the environment
  // overlay.
  FlagSet(std::string program, std::string env_prefix);
  ~FlagSet();

  // `target` keeps its value as the default. A repeated flag: the last one wins, except for lists.
  void Bool(std::string name, bool* target, std::string help);
  void Int(std::string name, std::int64_t* target, std::string help);
  void Float(std::string name, double* target, std::string help);
  void Text(std::string name, std::string* target, std::string help);
  void DurationFlag(std::string name, Duration* target, std::string help);
  void List(std::string name, std::vector<std::string>* target, std::string help);  // may repeat

  // Leftover words are allowed only after this call (stunc); else they are a usage error that names
  // them.
  void AllowPositional(std::vector<std::string>* target, std::string usage_line);

  // Flag > environment > default. From the environment, unknown names and empty values are ignored,
  // and so are values with tcp:// or udp:// in them; a bad value is a usage error that names the
  // variable. A list is given there as words between blanks. A bool flag called "version" is
  // special: once it is true nothing else is looked at, and the environment cannot set it, since
  // images like to have a variable of that name. Call once.
  ParseResult Parse(const std::vector<std::string>& args,
                    const std::map<std::string, std::string>& environment);

  // After Parse(): values for what neither a flag nor the environment set. All settings are judged,
  // used or not; a failure says which line of `path`, which name and value. `path` is for messages.
  std::optional<std::string> TakeFile(const std::string& path,
                                      const std::vector<FileSetting>& settings);

  bool WasSet(std::string_view name) const;  // by flag, environment or file
  std::vector<FlagInForce> InForce() const;  // in byte order of the names
  std::string Usage() const;                 // as Go prints it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::map<std::string, std::string> ProcessEnvironment();

}  // namespace derp::cli
