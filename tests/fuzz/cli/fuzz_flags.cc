// Command lines of any shape: words between zero bytes, then one flag of each kind.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/cli/flags.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using derp::cli::ParseResult;
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 0) {
      words.emplace_back();
    } else {
      words.back().push_back(static_cast<char>(data[i]));
    }
  }
  bool flag = false;
  std::int64_t number = 0;
  double limit = 0;
  std::string text;
  derp::Duration duration{};
  std::vector<std::string> list;
  derp::cli::FlagSet flags("prog", "PROG_");
  flags.Bool("b", &flag, "");
  flags.Int("i", &number, "");
  flags.Float("f", &limit, "");
  flags.Text("t", &text, "");
  flags.DurationFlag("d", &duration, "");
  flags.List("l", &list, "");
  const ParseResult result = flags.Parse(words, {{"PROG_I", words.back()}});
  const bool run = result.action == ParseResult::Action::kRun;
  if (run != result.stderr_text.empty()) std::abort();
  if (!run && result.exit_code != 0 && result.exit_code != 2) std::abort();
  return 0;
}
