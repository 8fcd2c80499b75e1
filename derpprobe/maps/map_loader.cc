#include "derpprobe/maps/map_loader.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/derpmap/lint.h"
#include "common/derpmap/reader.h"
#include "common/derpmap/source.h"
#include "common/http/fetch.h"

namespace derp::probe {

namespace {

constexpr std::string_view kLocalUrl = "http://local-tailscaled.sock/localapi/v0/derpmap";
constexpr std::string_view kLocalSocket = "/var/run/tailscale/tailscaled.sock";
// tailscaled refuses no version; this is the reference's (derpprobe.md 3.1).
constexpr std::string_view kCapabilityVersion = "145";

Expected<std::string, Error> FetchUrl(const derpmap::MapSource& source, TimePoint deadline) {
  http::FetchRequest request;
  request.url = source.location;
  if (source.kind == derpmap::MapSource::Kind::kLocal) {
    request.url = kLocalUrl;
    request.unix_socket = kLocalSocket;
    request.headers.Set("Tailscale-Cap", kCapabilityVersion);
  }
  auto response = http::Fetch(request, deadline);
  if (!response) return Fail(response.error());
  if (response->status != 200) {
    return Fail(
        Error{.code = ErrorCode::kProtocol, .context = fmt::format("status {}", response->status)});
  }
  return std::move(response->body);
}

Expected<std::string, Error> ReadSource(const derpmap::MapSource& source, TimePoint deadline) {
  switch (source.kind) {
    case derpmap::MapSource::Kind::kFile:
      return ReadFile(source.location, kMaxDerpMapBytes);
    case derpmap::MapSource::Kind::kStdin:
      return ReadFile("/dev/stdin", kMaxDerpMapBytes);
    case derpmap::MapSource::Kind::kLocal:
    case derpmap::MapSource::Kind::kUrl:
      break;
  }
  return FetchUrl(source, deadline);
}

bool Matches(const derpmap::Region& region, std::string_view code) {
  return region.code == code || fmt::format("{}", region.id) == code;
}

}  // namespace

std::string ShownSources(const std::vector<std::string>& sources) {
  std::vector<std::string> shown;
  for (const std::string& text : sources) {
    const auto source = derpmap::ParseMapSource(text);
    shown.push_back(source ? source->shown : PrintablePeerText(text));
  }
  return Join(shown, ", ");
}

Expected<LoadedMap, Error> LoadMap(const std::vector<std::string>& sources, TimePoint deadline) {
  std::vector<derpmap::SourcedMap> read;
  for (const std::string& text : sources) {
    const auto source = derpmap::ParseMapSource(text);
    if (!source) return Fail(source.error());
    const auto content = ReadSource(*source, deadline);
    if (!content) return Fail(Within(fmt::format("map {}", source->shown), content.error()));
    auto document = derpmap::Read(*content);
    if (!document) {
      return Fail(
          Error{.code = ErrorCode::kProtocol,
                .context = fmt::format("map {}: {}", source->shown, document.error().ToString())});
    }
    read.push_back({source->shown, std::move(*document)});
  }
  LoadedMap map;
  map.merged = derpmap::Merge(read);
  map.notes = derpmap::Lint(map.merged.document);
  map.shown = ShownSources(sources);
  return map;
}

Expected<void, Error> KeepRegions(const std::vector<std::string>& codes, LoadedMap& map) {
  if (codes.empty()) return {};
  auto& regions = map.merged.document.map.regions;
  for (const std::string& code : codes) {
    const bool found = std::any_of(regions.begin(), regions.end(), [&code](const auto& entry) {
      return Matches(entry.second, code);
    });
    if (found) continue;
    return Fail(Error{.code = ErrorCode::kNotFound,
                      .context = fmt::format("-region-code {}: no such region in the map",
                                             PrintablePeerText(code))});
  }
  std::erase_if(regions, [&codes](const auto& entry) {
    return std::none_of(codes.begin(), codes.end(),
                        [&entry](const std::string& code) { return Matches(entry.second, code); });
  });
  std::erase_if(map.notes, [&regions](const derpmap::Note& note) {
    return note.region_id != 0 && !regions.contains(note.region_id);
  });
  return {};
}

}  // namespace derp::probe
