// A thread with an event loop that owns its connections for life. A turn: read sockets, take the
// mail of the other workers, then write for every connection that got something; so records are
// large and nothing waits for more (docs/architecture.md).
#pragma once

#include <atomic>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/net/event_loop.h"
#include "derper/relay/connection/connection.h"
#include "derper/relay/counters.h"
#include "derper/relay/queues/deadline_queue.h"
#include "derper/relay/queues/handshake_queue.h"
#include "derper/relay/relay_state.h"
#include "derper/relay/traffic/flow_table.h"

namespace derp::relay {

class Worker {
 public:
  // `state` outlives the worker.
  Worker(RelayState& state, std::uint16_t index);
  ~Worker();  // after Join()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Control thread.
  void Start();
  void Adopt(Incoming incoming);
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  // Compares what it holds with what is said about it elsewhere; `done` is called in its thread.
  void Audit(std::function<void(std::vector<std::string>)> done);
  void BeginStop(Duration patience);
  void LimitsChanged();
  void Join();

  // Any thread.
  const WorkerCounters& shown_counters() const { return counters_; }
  double CpuSeconds() const;  // that its thread used; 0 once it ended
  net::EventLoop& loop() { return loop_; }

  // The rest: this worker's thread. Services for its connections and sessions.
  TimePoint Now() const { return loop_.Now(); }
  const RelayOptions& options() const { return state_.options; }
  const NodePublic& server_key() const { return state_.server_key; }
  LaneLimits lane_limits() const { return lane_limits_; }
  Registry& registry() { return state_.registry; }
  StrangerBudget& strangers() { return state_.strangers; }
  RandomSource& random() { return state_.random; }
  const Logger& logger() const { return state_.logger; }
  CauseLog& cause_log() { return state_.cause_log; }
  WorkerCounters& counters() { return counters_; }
  FlowTable& flows() { return flows_; }
  IoScratch& scratch() { return scratch_; }
  BufferPool& pool() { return scratch_.pool; }
  Bytes& gather() { return gather_; }

  void FlushLater(ConnectionRef connection);
  void BuryLater(ConnectionRef connection) { doomed_.push_back(connection); }
  void PutOffHandshake(ConnectionRef connection) { handshakes_.Add(connection); }
  void NoteRelayWork() { relay_work_ = true; }
  void AddDeadline(ConnectionRef connection, DeadlineKind kind, TimePoint when) {
    deadlines_.Add({.when = when, .connection = connection, .kind = kind});
  }

  // To a client of any worker. Why it was dropped, which is counted already, if it was.
  std::optional<DropReason> Deliver(ConnectionRef to, PacketKind kind, const HashedKey& source,
                                    ByteView payload, bool from_mesh);
  std::optional<DropReason> Forward(LinkId link, PacketKind kind, const HashedKey& source,
                                    const NodePublic& destination, ByteView payload);
  void TellPeerLeft(const HashedKey& peer, const std::vector<ConnectionRef>& interested);
  // Connections of one key: others with it came or went.
  void CheckDuplicates(const std::vector<ConnectionRef>& connections);
  void ClosePeer(const NodePublic& peer);
  // For a watcher's connection: may be called in any thread.
  std::function<void()> WakeForWatcher(ConnectionRef connection);
  void AskSite(ConnectionRef asker, const http::Handler& site, http::Request request);
  void AskAdmission(ConnectionRef asker, const AdmissionQuestion& question);

  // For the traffic figures: what the connection in a slot has, if there is one.
  std::size_t slot_count() const { return slots_.size(); }
  void AppendTraffic(std::size_t slot, std::vector<ClientFigures>& out) const;

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;
  };

  Connection* Find(ConnectionRef ref);
  Session* FindSession(ConnectionRef ref);
  void TakeIncoming();
  void EndTurn();
  void ReadMail();
  void HandleMail(const Mail& mail);
  std::optional<DropReason> Send(std::uint16_t to_worker, const Letter& letter, ByteView payload);
  void RunHandshakes();
  void FlushAll();
  void Bury();
  void WakeOthers();
  void ArmTimer();
  void OnTimer();
  void PostTo(std::uint16_t worker, std::function<void(Worker&)> task);
  void StopConnections(Duration patience);
  void StopOne(Connection& connection);

  RelayState& state_;
  const std::uint16_t index_;
  const LaneLimits lane_limits_;
  net::EventLoop loop_;
  net::Timer timer_;
  std::optional<TimePoint> timer_for_;
  std::thread thread_;
  clockid_t cpu_clock_{};  // of the thread
  std::atomic<std::size_t> load_{0};

  Mutex incoming_mutex_;
  std::deque<Incoming> incoming_ DERP_GUARDED_BY(incoming_mutex_);

  WorkerCounters counters_;
  FlowTable flows_;
  IoScratch scratch_;
  Bytes gather_;
  Mail mail_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t live_ = 0;
  std::vector<ConnectionRef> to_flush_, doomed_;
  std::vector<bool> to_wake_;
  HandshakeQueue handshakes_;
  DeadlineQueue deadlines_;
  bool relay_work_ = false;  // this turn
  std::optional<TimePoint> stop_by_;
  bool stopped_ = false;
};

}  // namespace derp::relay
