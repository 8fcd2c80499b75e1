#include "common/diagnosis/http_question.h"

#include <array>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/http/http_date.h"

namespace derp::diagnosis {

bool HttpReply::LeavesStreamOpen() const {
  const bool no_body = head.status == 204 || head.headers.Get("Content-Length") == "0";
  return head.minor_version >= 1 && no_body && rest.empty() &&
         !head.headers.Has("Transfer-Encoding") && !head.headers.HasToken("Connection", "close");
}

Expected<HttpReply, Error> AskHttp(net::ByteStream& stream, std::string_view request,
                                   const Clock& clock, TimePoint deadline) {
  const TimePoint start = clock.Now();
  if (const auto written = stream.Write(AsBytes(request), deadline); !written) {
    return Fail(written.error());
  }
  Bytes received;
  std::array<std::uint8_t, 2048> chunk;
  for (;;) {
    const auto count = stream.Read(chunk, deadline);
    if (!count) return Fail(count.error());
    AppendBytes(received, ByteView(chunk).first(*count));
    ByteView input = received;
    auto head = http::TakeResponseHead(input);
    if (!head) {
      return Fail(Error{.code = ErrorCode::kProtocol,
                        .context = std::string(http::HeadErrorText(head.error()))});
    }
    if (!*head) continue;
    HttpReply reply;
    reply.head = std::move(**head);
    reply.rest.assign(input.begin(), input.end());
    reply.took = clock.Now() - start;
    reply.clock_offset = ClockOffset(reply.head, clock.WallNow());
    return reply;
  }
}

std::optional<Duration> ClockOffset(const http::ResponseHead& head, WallTime now) {
  const auto date = http::ParseHttpDate(head.headers.Get("Date"));
  if (!date) return std::nullopt;
  return *date + std::chrono::milliseconds(500) - now;
}

std::string DescribeHead(const http::ResponseHead& head) {
  std::string text = fmt::format("status {}", head.status);
  if (!head.reason.empty()) text += " " + PrintablePeerText(head.reason);
  const std::string_view server = head.headers.Get("Server");
  if (!server.empty()) text += ", server " + PrintablePeerText(server);
  return text;
}

}  // namespace derp::diagnosis
