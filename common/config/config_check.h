// What -check-config tells: a line for each thing that was looked at, and whether all of it is
// right. Each program looks at its own things.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace derp::config {

struct ConfigCheck {
  std::string text;  // ends with a line feed; "error: " in front of what is wrong
  int status = 0;    // 2 when anything is wrong

  void Say(std::string_view line);
  void Wrong(std::string_view line);
};

// What keeps us from making things inside `directory`, which may have to be made itself: its
// nearest parent must let us. Makes nothing. Blocking.
std::optional<std::string> FindMakeProblem(const std::string& directory);

}  // namespace derp::config
