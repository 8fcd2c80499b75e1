// Any text is a list of settings or an error with words. What was read is judged by a set of flags
// without harm.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config_file.h"
#include "common/config/print_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = derp::config::ReadSettings(text);
  if (!settings) return settings.error().context.empty() ? std::abort(), 0 : 0;
  bool flag = false;
  std::string word;
  derp::Duration duration{};
  std::vector<std::string> list;
  derp::cli::FlagSet flags("prog", "PROG_");
  flags.Bool("once", &flag, "");
  flags.Text("listen", &word, "");
  flags.DurationFlag("interval", &duration, "");
  flags.List("derp-map", &list, "");
  const auto failure = flags.TakeFile("file", *settings);
  if (failure) return failure->empty() ? std::abort(), 0 : 0;
  if (!derp::config::ReadSettings(derp::config::PrintConfig(flags.InForce(), {}, {}))) std::abort();
  return 0;
}
