#include "common/diagnosis/side_walk.h"

#include "common/diagnosis/dial.h"
#include "common/diagnosis/stage_admission.h"
#include "common/diagnosis/stage_latency.h"
#include "common/diagnosis/stage_ws.h"

namespace derp::diagnosis {

namespace {

constexpr std::string_view kNoTime = "no time left (-timeout)";
// With less than this nothing is begun: its time-out would not be the relay's.
constexpr auto kLeastTime = std::chrono::seconds(1);

}  // namespace

std::optional<TimePoint> SideWalk::Until(Duration cap) const {
  const TimePoint now = context_.clock.Now();
  const Duration left = Remaining(now, deadline_);
  if (left < std::min<Duration>(cap, kLeastTime)) return std::nullopt;
  return now + std::min(cap, left);
}

void SideWalk::Decide(Stage stage, Duration took, std::optional<Finding> finding) {
  if (finding) {
    recorder_.Decide(stage, {}, took, std::move(*finding));
  } else {
    recorder_.Ok(stage, {}, took);
  }
}

std::unique_ptr<net::ByteStream> SideWalk::Latency(std::unique_ptr<net::ByteStream> stream) {
  if (std::exchange(latency_done_, true)) return stream;
  if (!task_.asked.side) {
    recorder_.Skip(Stage::kLatency, {}, kNotAskedReason);
    return stream;
  }
  const auto until = Until(context_.caps.http);
  if (!until) {
    recorder_.Skip(Stage::kLatency, {}, kNoTime);
    return stream;
  }
  LatencyStage latency = RunLatency(*stream, task_.node, context_, *until);
  if (latency.clock_offset) recorder_.report().clock_offset = latency.clock_offset;
  Decide(Stage::kLatency, latency.duration, std::move(latency.finding));
  return latency.stream_open ? std::move(stream) : nullptr;
}

void SideWalk::LatencyAlone(const SocketAddress& address) {
  if (latency_done_) return;
  const auto until = Until(context_.caps.tls);
  if (!task_.asked.side || !until) {
    latency_done_ = true;
    recorder_.Skip(Stage::kLatency, {}, task_.asked.side ? kNoTime : kNotAskedReason);
    return;
  }
  const TimePoint start = context_.clock.Now();
  auto stream = DialTls(address, task_.node, context_, *until);
  if (stream) {
    Latency(std::move(*stream));
  } else {
    latency_done_ = true;
    Decide(Stage::kLatency, context_.clock.Now() - start, LatencyUnconnected(stream.error()));
  }
}

std::optional<NodePublic> SideWalk::Ws(const SocketAddress& address) {
  const auto until = Until(context_.caps.http);
  if (!task_.asked.ws || !until) {
    recorder_.Skip(Stage::kWs, {}, task_.asked.ws ? kNoTime : kNotAskedReason);
    return std::nullopt;
  }
  const TimePoint start = context_.clock.Now();
  const auto stream = DialTls(address, task_.node, context_, *until);
  if (!stream) {
    Decide(Stage::kWs, context_.clock.Now() - start, WsUnconnected(stream.error()));
    return std::nullopt;
  }
  WsStage ws = RunWs(**stream, task_.node, context_, *until);
  Decide(Stage::kWs, ws.duration, std::move(ws.finding));
  return ws.server;
}

void SideWalk::Admission(const SocketAddress& address) {
  const auto until = Until(context_.caps.relay);
  if (!until) {
    recorder_.Skip(Stage::kAdmission, {}, kNoTime);
    return;
  }
  AdmissionStage admission = RunAdmission(address, task_.node, context_, *until);
  if (admission.untold.empty()) {
    Decide(Stage::kAdmission, admission.duration, std::move(admission.finding));
  } else {
    recorder_.Skip(Stage::kAdmission, {}, admission.untold);
  }
}

void SideNotReached(const StagesAsked& asked, Stage after, Recorder& recorder) {
  const auto record = [&](bool is_asked, Stage stage) {
    if (is_asked) {
      recorder.NotReached(stage, {}, after);
    } else {
      recorder.Skip(stage, {}, kNotAskedReason);
    }
  };
  record(asked.side, Stage::kLatency);
  record(asked.ws, Stage::kWs);
  if (asked.admission) recorder.NotReached(Stage::kAdmission, {}, after);
}

void SkipSide(const StagesAsked& asked, std::string_view reason, Recorder& recorder) {
  recorder.Skip(Stage::kLatency, {}, asked.side ? reason : kNotAskedReason);
  recorder.Skip(Stage::kWs, {}, asked.ws ? reason : kNotAskedReason);
  if (asked.admission) recorder.Skip(Stage::kAdmission, {}, reason);
}

}  // namespace derp::diagnosis
