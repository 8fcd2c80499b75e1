#include "netcheck/map_loader.h"

#include <array>
#include <cerrno>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/file.h"
#include "common/derpmap/reader.h"
#include "common/http/fetch.h"

namespace derp::netcheck {
namespace {

using derpmap::MapSource;
using Text = Expected<std::string, Error>;

constexpr int kOk = 200;
// The version of the local API that tailscaled is told we speak.
constexpr std::string_view kCapabilityVersion = "145";

Text Body(const http::FetchRequest& request, TimePoint deadline) {
  auto response = http::Fetch(request, deadline);
  if (!response) return Fail(response.error());
  if (response->status != kOk)
    return Fail(Error{ErrorCode::kProtocol, fmt::format("HTTP status {}", response->status)});
  return std::move(response->body);
}

Text FromUrl(const std::string& url, TimePoint deadline) {
  http::FetchRequest request;
  request.url = url;
  return Body(request, deadline);
}

Text FromTailscaled(const std::string& socket, TimePoint deadline) {
  http::FetchRequest request;
  request.url = "http://local-tailscaled.sock/localapi/v0/derpmap";
  request.unix_socket = socket;
  request.headers.Add("Tailscale-Cap", kCapabilityVersion);
  return Body(request, deadline);
}

Text FromStdin() {
  std::string text;
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(SystemError("read stdin", errno));
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxDerpMapBytes)
      return Fail(Error{ErrorCode::kTooLarge, fmt::format("more than {} bytes", kMaxDerpMapBytes)});
  }
}

Text FetchText(const MapSource& source, const std::string& socket, TimePoint deadline) {
  switch (source.kind) {
    case MapSource::Kind::kLocal:
      return FromTailscaled(socket, deadline);
    case MapSource::Kind::kUrl:
      return FromUrl(source.location, deadline);
    case MapSource::Kind::kFile:
      return ReadFile(source.location, kMaxDerpMapBytes);
    case MapSource::Kind::kStdin:
      return FromStdin();
  }
  return Fail(Error{ErrorCode::kInvalidArgument, "unknown kind of source"});
}

}  // namespace

Expected<derpmap::MapDocument, Error> LoadMap(const MapSource& source, const std::string& socket,
                                              TimePoint deadline) {
  const std::string doing = "DERP map from " + source.shown;
  const Text text = FetchText(source, socket, deadline);
  if (!text) return Fail(Within(doing, text.error()));
  auto document = derpmap::Read(*text);
  if (!document)
    return Fail(Error{ErrorCode::kInvalidArgument, doing + ": " + document.error().ToString()});
  if (document->map.regions.empty())
    return Fail(Error{ErrorCode::kInvalidArgument, doing + ": the map has no region"});
  return std::move(*document);
}

}  // namespace derp::netcheck
