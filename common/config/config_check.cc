#include "common/config/config_check.h"

#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/file.h"

namespace derp::config {

void ConfigCheck::Say(std::string_view line) { text += fmt::format("{}\n", line); }

void ConfigCheck::Wrong(std::string_view line) {
  Say(fmt::format("error: {}", line));
  status = 2;
}

std::optional<std::string> FindMakeProblem(const std::string& directory) {
  std::error_code ignored;
  std::string nearest = directory;
  while (!std::filesystem::exists(nearest, ignored) && nearest != "/" && nearest != ".") {
    nearest = DirectoryOf(nearest);
  }
  if (!std::filesystem::is_directory(nearest, ignored)) return nearest + " is no directory";
  if (access(nearest.c_str(), W_OK | X_OK) != 0) return nearest + " cannot be written to";
  return std::nullopt;
}

}  // namespace derp::config
