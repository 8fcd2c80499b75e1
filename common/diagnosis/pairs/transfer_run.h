// One bandwidth measurement of a pair: so many bytes through the relays, at most 30 packets under
// way, order and content checked (derpprobe.md 5.5). Belongs to the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/diagnosis/pairs/pair_links.h"
#include "common/diagnosis/pairs/payload.h"
#include "common/diagnosis/report.h"

namespace derp::diagnosis {

// Something an engine has under way; destroyed in a turn of its own after it told its end.
class PairRun {
 public:
  virtual ~PairRun() = default;
};

// Called once, from within the run: destroy the run later.
using TransferDone = std::function<void(TransferReport)>;

// A report of the pair with nothing measured yet.
TransferReport DescribeTransfer(const PairTask& task, const TransferAsked& asked);

// "; the relay asks …" where it does, to be put behind a time-out's text.
std::string LimitNote(const wire::ServerInfo& info);

class TransferRun final : public PairRun {
 public:
  TransferRun(LinkHost& host, PayloadSource& payloads, const PairTask& task,
              const TransferAsked& asked, TransferDone done);

  void Start();

 private:
  void Begin();
  void SendMore();
  void Received(ByteView packet);
  void Finish(std::optional<Error> error);
  std::string TimeoutText() const;

  LinkHost& host_;
  PayloadSource& payloads_;
  const TransferAsked asked_;
  TransferDone done_;
  TransferReport report_;
  PairLinks links_;
  net::Timer deadline_timer_;
  net::Timer pace_timer_;  // while the relay's own limit holds the sender back
  std::optional<Payload> payload_;
  Bytes packet_;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  bool finished_ = false;
  TimePoint started_;
  std::optional<TimePoint> began_;  // the timed section
};

}  // namespace derp::diagnosis
