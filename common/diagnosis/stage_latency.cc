#include "common/diagnosis/stage_latency.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/http_question.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr std::string_view kAdvice = "let what stands in front of the relay pass the path on";

Finding Failed(std::string fact) {
  return MakeFinding("latency.failed", "does not answer /derp/latency-check", std::move(fact),
                     std::string(kAdvice));
}

std::string WhyNoAnswer(const Error& error, Duration waited) {
  if (error.code == ErrorCode::kTimeout) {
    return fmt::format("no answer in {}", ShortDuration(waited));
  }
  if (error.code == ErrorCode::kProtocol) return "the answer is no HTTP";
  return fmt::format("no answer, the connection ended: {}", PrintablePeerText(error.context));
}

}  // namespace

LatencyStage RunLatency(net::ByteStream& stream, const derpmap::Node& node,
                        const WalkContext& context, TimePoint deadline) {
  const TimePoint start = context.clock.Now();
  const auto reply = AskHttp(
      stream,
      fmt::format("GET /derp/latency-check HTTP/1.1\r\nHost: {}\r\n\r\n", node.HostHeader()),
      context.clock, deadline);
  LatencyStage stage;
  if (!reply) {
    stage.duration = context.clock.Now() - start;
    stage.finding = Failed(WhyNoAnswer(reply.error(), stage.duration));
    return stage;
  }
  stage.duration = reply->took;
  stage.clock_offset = reply->clock_offset;
  if (reply->head.status == 200) {
    stage.stream_open = reply->LeavesStreamOpen();
  } else {
    stage.finding = Failed(DescribeHead(reply->head));
    stage.finding->data["status"] = std::int64_t{reply->head.status};
  }
  return stage;
}

Finding LatencyUnconnected(const Error& error) {
  return Failed("no further connection: " + PrintablePeerText(error.context));
}

}  // namespace derp::diagnosis
