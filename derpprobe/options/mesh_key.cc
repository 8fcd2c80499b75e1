#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

namespace {

constexpr std::size_t kMostKeyFileBytes = 4096;  // 64 digits and blanks around them

Error BadKey(std::string_view where) {
  return {.code = ErrorCode::kInvalidArgument,
          .context = fmt::format("{}: the mesh key must be 64 hexadecimal digits", where)};
}

}  // namespace

Expected<MeshKeyChoice, Error> LoadMeshKey(const Options& options,
                                           const std::map<std::string, std::string>& environment) {
  MeshKeyChoice choice;
  std::string text;
  std::string where;
  if (options.dev) {
    const auto found = environment.find(std::string(kMeshKeyVariable));
    if (found != environment.end()) text = found->second;
    where = kMeshKeyVariable;
  } else if (!options.mesh_psk_file.empty()) {
    auto content = ReadFile(options.mesh_psk_file, kMostKeyFileBytes);
    if (!content) return Fail(Within("-mesh-psk-file", content.error()));
    text = std::move(*content);
    where = options.mesh_psk_file;
  }
  if (TrimSpace(text).empty()) {
    choice.log_line = "No mesh key configured";
    return choice;
  }
  choice.key = MeshKey::Parse(text);
  if (!choice.key) return Fail(BadKey(where));
  choice.log_line = fmt::format("Using the mesh key of {}", where);
  return choice;
}

}  // namespace derp::probe
