#include "common/derp/map_fetch.h"

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

Expected<std::string, Error> Download(const http::FetchRequest& request, TimePoint deadline) {
  auto response = http::Fetch(request, deadline);
  if (!response) return Fail(response.error());
  if (response->status != 200) {
    return Fail(Error{ErrorCode::kProtocol, fmt::format("HTTP status {}", response->status)});
  }
  return std::move(response->body);
}

Expected<std::string, Error> ReadText(const MapSource& source, const std::string& socket,
                                      TimePoint deadline) {
  http::FetchRequest request;
  switch (source.kind) {
    case MapSource::Kind::kLocal:
      request.url = "http://local-tailscaled.sock/localapi/v0/derpmap";
      request.unix_socket = socket;
      request.headers.Add("Tailscale-Cap", kTailscaleCap);
      return Download(request, deadline);
    case MapSource::Kind::kUrl:
      request.url = source.location;
      return Download(request, deadline);
    case MapSource::Kind::kFile:
      return ReadFile(source.location, kMaxDerpMapBytes);
    case MapSource::Kind::kStdin:
      return ReadStandardInput(kMaxDerpMapBytes);
  }
  return Fail(Error{ErrorCode::kUnsupported, "unknown kind of source"});
}

}  // namespace

Expected<derpmap::MapDocument, Error> FetchMap(const MapSource& source,
                                               const std::string& tailscaled_socket,
                                               TimePoint deadline) {
  const auto text = ReadText(source, tailscaled_socket, deadline);
  if (!text) return Fail(text.error());
  auto document = derpmap::Read(*text);
  if (!document) return Fail(Error{ErrorCode::kProtocol, document.error().ToString()});
  return std::move(*document);
}

}  // namespace derp
