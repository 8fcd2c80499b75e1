#include "derper/relay/worker.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

#include "common/base/scheduling.h"

namespace derp::relay {

namespace {

constexpr std::uint64_t kMaxReconnectDelayMs = 5000;
constexpr std::size_t kTakenPerTurn = 64;
// Flows that are counted one by one, of all workers together, and at least of each.
constexpr std::size_t kMaxFlows = 4096;
constexpr std::size_t kMinFlows = 64;

TimePoint ExactNow() { return SystemClock().Now(); }

}  // namespace

Worker::Worker(RelayState& state, std::uint16_t index)
    : state_(state),
      index_(index),
      lane_limits_(state.lane_limits()),
      timer_(loop_, [this] { OnTimer(); }),
      flows_(std::max(kMinFlows, kMaxFlows / std::max(1U, state.options.workers))) {
  loop_.OnTurnEnd([this] { EndTurn(); });
}

Worker::~Worker() { Join(); }

void Worker::Start() {
  to_wake_.assign(state_.workers.size(), false);
  thread_ = std::thread([this] {
    LetOthersFinish();
    loop_.Run();
  });
  pthread_getcpuclockid(thread_.native_handle(), &cpu_clock_);
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

double Worker::CpuSeconds() const {
  timespec used{};
  if (clock_gettime(cpu_clock_, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

void Worker::AppendTraffic(std::size_t slot, std::vector<ClientFigures>& out) const {
  if (slots_[slot].connection) slots_[slot].connection->AppendTraffic(out);
}

void Worker::Adopt(Incoming incoming) {
  load_.fetch_add(1, std::memory_order_relaxed);
  bool first = false;
  {
    const MutexLock lock(incoming_mutex_);
    first = incoming_.empty();
    incoming_.push_back(std::move(incoming));
  }
  if (first) loop_.Post([this] { TakeIncoming(); });
}

// A share per turn, so that a storm of connections delays nobody's packets.
void Worker::TakeIncoming() {
  std::deque<Incoming> taken;
  bool more = false;
  {
    const MutexLock lock(incoming_mutex_);
    const std::size_t count =
        stop_by_ ? incoming_.size() : std::min(incoming_.size(), kTakenPerTurn);
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(std::move(incoming_.front()));
      incoming_.pop_front();
    }
    more = !incoming_.empty();
  }
  if (more) loop_.Post([this] { TakeIncoming(); });
  for (Incoming& incoming : taken) {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    Slot& slot = slots_[index];
    const ConnectionRef ref{.worker = index_, .slot = index, .generation = slot.generation};
    slot.connection = std::make_unique<Connection>(*this, ref, std::move(incoming));
    ++live_;
    if (stop_by_) StopOne(*slot.connection);
  }
}

Connection* Worker::Find(ConnectionRef ref) {
  if (ref.worker != index_ || ref.slot >= slots_.size()) return nullptr;
  Slot& slot = slots_[ref.slot];
  return slot.generation == ref.generation ? slot.connection.get() : nullptr;
}

Session* Worker::FindSession(ConnectionRef ref) {
  Connection* connection = Find(ref);
  return connection == nullptr ? nullptr : connection->session();
}

void Worker::FlushLater(ConnectionRef connection) {
  Connection* found = Find(connection);
  if (found == nullptr || found->flush_queued()) return;
  found->set_flush_queued();
  to_flush_.push_back(connection);
}

void Worker::EndTurn() {
  counters_.turns.Add();
  ReadMail();
  RunHandshakes();
  // Ending a connection gives others something to write, and writing may end one.
  while (!to_flush_.empty() || !doomed_.empty()) {
    FlushAll();
    Bury();
  }
  WakeOthers();
  if (stopped_) return;
  if (stop_by_ && (live_ == 0 || Now() >= *stop_by_)) {
    for (Slot& slot : slots_) {
      if (slot.connection) slot.connection->Doom();
    }
    Bury();
    WakeOthers();
    stopped_ = true;
    loop_.Stop();
    return;
  }
  ArmTimer();
  if (!handshakes_.empty()) loop_.Wake();  // another turn at once
}

void Worker::RunHandshakes() {
  if (handshakes_.empty()) {
    relay_work_ = false;
    return;
  }
  TimePoint now = ExactNow();
  handshakes_.BeginTurn(std::exchange(relay_work_, false), now);
  while (const auto next = handshakes_.Next(now)) {
    if (Connection* connection = Find(*next)) connection->ContinueHandshake();
    now = ExactNow();
    handshakes_.Done(now);
  }
}

void Worker::FlushAll() {
  std::vector<ConnectionRef> batch;
  std::swap(batch, to_flush_);
  for (const ConnectionRef ref : batch) {
    if (Connection* connection = Find(ref)) connection->Flush();
  }
  if (to_flush_.empty()) {
    batch.clear();
    std::swap(batch, to_flush_);  // keeps the memory
  }
}

void Worker::Bury() {
  std::vector<ConnectionRef> batch;
  std::swap(batch, doomed_);
  for (const ConnectionRef ref : batch) {
    if (Find(ref) == nullptr) continue;
    Slot& slot = slots_[ref.slot];
    ++slot.generation;  // from now on nobody finds it, its own session included
    slot.connection.reset();
    free_slots_.push_back(ref.slot);
    --live_;
    load_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void Worker::ArmTimer() {
  std::optional<TimePoint> earliest = deadlines_.Earliest();
  if (stop_by_) earliest = std::min(earliest.value_or(*stop_by_), *stop_by_);
  if (earliest == timer_for_) return;
  timer_for_ = earliest;
  if (earliest) {
    // Rounded up to the loop's milliseconds, so that the deadline has passed when it fires.
    timer_.Start(Remaining(Now(), *earliest) + std::chrono::milliseconds(1));
  } else {
    timer_.Stop();
  }
}

void Worker::OnTimer() {
  timer_for_.reset();
  while (const auto item = deadlines_.TakeDue(Now())) {
    if (Connection* connection = Find(item->connection)) connection->OnDeadline(item->kind);
  }
}

void Worker::BeginStop(Duration patience) {
  loop_.Post([this, patience] { StopConnections(patience); });
}

void Worker::LimitsChanged() {
  loop_.Post([this] {
    for (Slot& slot : slots_) {
      if (slot.connection) slot.connection->OnLimitsChanged();
    }
  });
}

void Worker::StopConnections(Duration patience) {
  stop_by_ = Now() + patience;
  TakeIncoming();
  for (Slot& slot : slots_) {
    if (slot.connection) StopOne(*slot.connection);
  }
}

void Worker::StopOne(Connection& connection) {
  connection.BeginStop(std::chrono::milliseconds(random().U64() % (kMaxReconnectDelayMs + 1)));
}

}  // namespace derp::relay
