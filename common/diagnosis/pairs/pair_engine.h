// Measures pairs of nodes on an event loop in a thread of its own: transfers as TransferGate lets
// them, queuing delays all at once (architecture 5). Any thread may ask.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "common/diagnosis/pairs/bounded_queue.h"
#include "common/diagnosis/pairs/payload.h"
#include "common/diagnosis/pairs/queue_probe.h"
#include "common/diagnosis/pairs/transfer_gate.h"
#include "common/diagnosis/pairs/tun_run.h"
#include "common/net/event_loop.h"

namespace derp::diagnosis {

class PairEngine {
 public:
  // `context` outlives the engine.
  explicit PairEngine(const WalkContext& context);
  ~PairEngine();  // ends what is under way, without telling anybody
  PairEngine(const PairEngine&) = delete;
  PairEngine& operator=(const PairEngine&) = delete;

  using Ticket = std::uint64_t;

  // Callbacks come in the engine's thread and must not call Cancel(). `started`: its turn has come,
  // the time-out runs from now on.
  Ticket Transfer(PairTask task, TransferAsked asked, std::function<void()> started,
                  TransferDone done);
  // For `duration` after the first login.
  Ticket MeasureQueue(PairTask task, QueueAsked asked, Duration duration, QueueDone done);
  // For ever. `stats` outlives the ticket.
  Ticket FollowQueue(PairTask task, QueueAsked asked, QueueStats& stats, QueueProbe::Events events);

  // Ends it. When this returns none of its callbacks runs, or will.
  void Cancel(Ticket ticket);

 private:
  struct Waiting {
    PairTask task;
    TransferAsked asked;
    std::function<void()> started;
    TransferDone done;
  };

  Ticket Enter(std::function<void(Ticket)> begin);
  void StartTransfers();
  void BeginTransfer(Ticket ticket, Waiting waiting);
  void BeginQueue(Ticket ticket, const PairTask& task, const QueueAsked& asked, Duration duration,
                  QueueDone done);
  void EndLater(Ticket ticket);
  void End(Ticket ticket);

  const WalkContext& context_;
  net::EventLoop loop_;
  WorkerPool resolvers_;  // its threads end before the loop goes
  LinkHost host_;
  PayloadSource payloads_;
  std::atomic<Ticket> last_ticket_{0};
  // Of the loop's thread.
  TransferGate gate_;
  std::map<Ticket, Waiting> waiting_;
  std::map<Ticket, std::unique_ptr<PairRun>> runs_;
  std::thread thread_;
};

}  // namespace derp::diagnosis
