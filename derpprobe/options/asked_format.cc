#include "derpprobe/options/asked_format.h"

#include <string_view>

namespace derp::probe {

bool AsksNagios(const std::vector<std::string>& args,
                const std::map<std::string, std::string>& environment) {
  std::string_view format;
  if (const auto found = environment.find("DERPPROBE_FORMAT"); found != environment.end()) {
    format = found->second;
  }
  for (std::size_t i = 0; i < args.size(); ++i) {
    std::string_view flag = args[i];
    if (flag == "--") break;
    if (!flag.starts_with('-')) continue;
    flag.remove_prefix(flag.starts_with("--") ? 2 : 1);
    if (flag.starts_with("format=")) format = flag.substr(7);
    if (flag == "format" && i + 1 < args.size()) format = args[i + 1];
  }
  return format == "nagios";
}

}  // namespace derp::probe
