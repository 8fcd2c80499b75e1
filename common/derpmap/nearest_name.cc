#include "common/derpmap/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace derp::derpmap {
namespace {

constexpr std::size_t kLongestName = 64;  // nothing longer resembles a member of a map

// Levenshtein's distance with one row.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

// Letters and digits only: "host_name" and "derp-port" differ from the known names by nothing else.
std::string Bare(std::string_view name) {
  std::string bare = ToLowerAscii(name);
  std::erase_if(bare, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return bare;
}

}  // namespace

std::string_view NearestName(std::string_view written, std::span<const std::string_view> known) {
  if (written.size() > kLongestName) return {};
  const std::string bare = Bare(written);
  std::string_view nearest;
  std::size_t least = bare.size() / 3 + 1;
  for (const std::string_view name : known) {
    const std::size_t distance = Distance(bare, ToLowerAscii(name));
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace derp::derpmap
