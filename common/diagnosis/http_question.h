// One HTTP request over a stream of a walk, and the head of its answer. Blocking.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.h"
#include "common/http/response_head.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

struct HttpReply {
  http::ResponseHead head;
  Bytes rest;       // what came behind the head
  Duration took{};  // from the first byte sent to the last of the head
  // The Date header minus this machine's clock, where there is one; good for half a second.
  std::optional<Duration> clock_offset;

  // The stream may carry another request: there was no body, and nobody closes.
  bool LeavesStreamOpen() const;
};

// kProtocol: the answer is no HTTP, or its head is too long; else what became of the stream.
Expected<HttpReply, Error> AskHttp(net::ByteStream& stream, std::string_view request,
                                   const Clock& clock, TimePoint deadline);

// Date has whole seconds, so half of one is added.
std::optional<Duration> ClockOffset(const http::ResponseHead& head, WallTime now);

// "status 404 Not Found, server nginx"
std::string DescribeHead(const http::ResponseHead& head);

}  // namespace derp::diagnosis
