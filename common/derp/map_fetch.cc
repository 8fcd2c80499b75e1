#include "common/derp/map_fetch.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/file.h"
#include "common/derpmap/reader.h"
#include "common/http/fetch.h"

namespace derp {
namespace {

using derpmap::MapSource;

// The capability version that tailscaled's local API is asked with (Go: tailcfg/tailcfg.go).
constexpr std::string_view kTailscaleCap = "145";

// A header's value that may go back to its sender: the request must not break over it.
std::string Returnable(std::string_view value) {
  constexpr std::size_t kLongest = 1024;
  const bool fits = value.size() <= kLongest && std::all_of(value.begin(), value.end(), [](char c) {
                      return c >= ' ' && c <= '~';
                    });
  return fits ? std::string(value) : std::string();
}

Expected<MapAnswer, Error> Download(http::FetchRequest request, const MapValidators& known,
                                    TimePoint deadline) {
  const bool conditional = !known.etag.empty() || !known.last_modified.empty();
  if (!known.etag.empty()) request.headers.Add("If-None-Match", known.etag);
  if (!known.last_modified.empty()) request.headers.Add("If-Modified-Since", known.last_modified);
  auto response = http::Fetch(request, deadline);
  if (!response) return Fail(response.error());
  if (conditional && response->status == 304)
    return MapAnswer{.unchanged = true, .text = {}, .validators = known};
  if (response->status != 200) {
    return Fail(Error{ErrorCode::kProtocol, fmt::format("HTTP status {}", response->status)});
  }
  MapValidators validators{.etag = Returnable(response->etag()),
                           .last_modified = Returnable(response->last_modified())};
  return MapAnswer{.text = std::move(response->body), .validators = std::move(validators)};
}

Expected<MapAnswer, Error> Whole(Expected<std::string, Error> text) {
  if (!text) return Fail(text.error());
  return MapAnswer{.text = std::move(*text), .validators = {}};
}

}  // namespace

Expected<MapAnswer, Error> FetchMapText(const MapSource& source, const MapValidators& known,
                                        const std::string& socket, TimePoint deadline) {
  http::FetchRequest request;
  switch (source.kind) {
    case MapSource::Kind::kLocal:
      request.url = "http://local-tailscaled.sock/localapi/v0/derpmap";
      request.unix_socket = socket;
      request.headers.Add("Tailscale-Cap", kTailscaleCap);
      return Download(std::move(request), {}, deadline);
    case MapSource::Kind::kUrl:
      request.url = source.location;
      return Download(std::move(request), known, deadline);
    case MapSource::Kind::kFile:
      return Whole(ReadFile(source.location, kMaxDerpMapBytes));
    case MapSource::Kind::kStdin:
      return Whole(ReadStandardInput(kMaxDerpMapBytes));
  }
  return Fail(Error{ErrorCode::kUnsupported, "unknown kind of source"});
}

Expected<derpmap::MapDocument, Error> FetchMap(const MapSource& source,
                                               const std::string& tailscaled_socket,
                                               TimePoint deadline) {
  const auto answer = FetchMapText(source, {}, tailscaled_socket, deadline);
  if (!answer) return Fail(answer.error());
  auto document = derpmap::Read(answer->text);
  if (!document) return Fail(Error{ErrorCode::kProtocol, document.error().ToString()});
  return std::move(*document);
}

}  // namespace derp
