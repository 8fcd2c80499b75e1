// The side stages over connections like the main chain's own: latency, ws and admission
// (findings.md 1, rules 8, 9). Blocking, in a worker thread. Port 80 is stage_port80.h.
#pragma once

#include <memory>
#include <optional>

#include "common/diagnosis/measure.h"
#include "common/diagnosis/recorder.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

class SideWalk {
 public:
  // The references outlive it.
  SideWalk(const WalkTask& task, const WalkContext& context, TimePoint deadline, Recorder& recorder)
      : task_(task), context_(context), deadline_(deadline), recorder_(recorder) {}

  // Records latency, asked for over `stream` when that is due. Gives the stream back if it may
  // carry more, else null. Latency is asked once: later calls do nothing.
  std::unique_ptr<net::ByteStream> Latency(std::unique_ptr<net::ByteStream> stream);
  void LatencyAlone(const SocketAddress& address);  // over a connection of its own

  // Records ws; gives the key of the relay's greeting.
  std::optional<NodePublic> Ws(const SocketAddress& address);

  // Records admission; only for walks that logged in with a known key.
  void Admission(const SocketAddress& address);

 private:
  // The deadline of a stage; none when the walk's time is over.
  std::optional<TimePoint> Until(Duration cap) const;
  void Decide(Stage stage, Duration took, std::optional<Finding> finding);

  const WalkTask& task_;
  const WalkContext& context_;
  TimePoint deadline_;
  Recorder& recorder_;
  bool latency_done_ = false;
};

// All of latency and ws that were asked for, when the main chain never came to them.
void SideNotReached(const StagesAsked& asked, Stage after, Recorder& recorder);
void SkipSide(const StagesAsked& asked, std::string_view reason, Recorder& recorder);

}  // namespace derp::diagnosis
