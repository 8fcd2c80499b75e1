#include "tests/integration/derper/hostile/healthy_pairs.h"

#include <algorithm>
#include <poll.h>

#include "common/base/mix.h"

namespace derp::test {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(10);
constexpr auto kLastPackets = std::chrono::seconds(10);
constexpr std::size_t kHead = 16;  // number and time when due
constexpr std::size_t kMinSize = 64;
constexpr std::size_t kSizes = 1200;

// Everything behind the head follows from sender and number.
Bytes MakePacket(std::size_t sender, std::uint64_t number, std::uint64_t due) {
  std::uint64_t state = MixBits(number * 1024 + sender + 1);
  Bytes packet;
  AppendU64Be(packet, number);
  AppendU64Be(packet, due);
  packet.resize(kMinSize + state % kSizes);
  for (std::size_t i = kHead; i < packet.size(); ++i) {
    if (i % 8 == 0) state = MixBits(state + i);
    packet[i] = static_cast<std::uint8_t>(state >> (8 * (i % 8)));
  }
  return packet;
}

std::uint64_t Nanoseconds(TimePoint time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

double Quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

HealthyPairs::HealthyPairs(const ServerProcess& server, std::size_t pairs)
    : clients_(LogInMany(server, 2 * pairs)), sequences_(2 * pairs), broken_(2 * pairs) {
  thread_ = std::thread([this] { Run(); });
}

HealthyPairs::~HealthyPairs() { Finish(); }

void HealthyPairs::Run() {
  TimePoint due = clock_.Now();
  while (!finish_) {
    SendAll(due);
    due = std::max(due + kInterval, clock_.Now());  // what was missed is not made up for
    ReceiveUntil(due);
  }
  const TimePoint deadline = clock_.Now() + kLastPackets;
  while (!all_arrived() && clock_.Now() < deadline) {
    ReceiveUntil(std::min(deadline, clock_.Now() + kInterval));
  }
}

void HealthyPairs::SendAll(TimePoint due) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (broken_[i]) continue;
    const Bytes packet = MakePacket(i, sequences_[i].next_to_send++, Nanoseconds(due));
    broken_[i] = !clients_[i]->raw().Send(clients_[i ^ 1]->key(), packet, Soon());
  }
}

void HealthyPairs::ReceiveUntil(TimePoint deadline) {
  std::vector<pollfd> waiting;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    waiting.push_back({.fd = broken_[i] ? -1 : clients_[i]->fd(), .events = POLLIN, .revents = 0});
  }
  while (true) {
    const auto left = deadline - clock_.Now();
    if (left <= Duration::zero()) return;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left);
    const TimePoint due = clock_.Now() + wait;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(wait.count())) <= 0) {
      NoteWake(due);
      return;
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      ReceiveFrom(i);
      if (broken_[i]) waiting[i].fd = -1;
    }
  }
}

void HealthyPairs::ReceiveFrom(std::size_t index) {
  while (true) {
    const auto message = clients_[index]->raw().Receive(clock_.Now());
    if (!message) {
      broken_[index] = message.error().error.code != ErrorCode::kTimeout;
      return;
    }
    if (const auto* packet = std::get_if<wire::RecvPacket>(&*message)) Note(index, *packet);
  }
}

void HealthyPairs::Note(std::size_t index, const wire::RecvPacket& packet) {
  const TimePoint now = clock_.Now();
  const std::size_t sender = index ^ 1;
  const MutexLock lock(mutex_);
  ByteReader head(packet.packet);
  const std::uint64_t number = head.U64Be().value_or(0);
  const std::uint64_t due = head.U64Be().value_or(0);
  const Bytes expected = MakePacket(sender, number, due);
  if (packet.source != clients_[sender]->key() ||
      !std::equal(expected.begin(), expected.end(), packet.packet.begin(), packet.packet.end())) {
    ++damaged_;
    return;
  }
  std::uint64_t& next = sequences_[index].next_expected;
  if (number != next) lost_ += number > next ? number - next : 1;
  next = number + 1;
  latencies_ms_.push_back(static_cast<double>(Nanoseconds(now) - due) / 1e6);
}

void HealthyPairs::NoteWake(TimePoint due) {
  const double late = std::chrono::duration<double, std::milli>(clock_.Now() - due).count();
  const MutexLock lock(mutex_);
  wakes_ms_.push_back(std::max(late, 0.0));
}

bool HealthyPairs::all_arrived() const {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!broken_[i] && sequences_[i].next_expected < sequences_[i ^ 1].next_to_send) return false;
  }
  return true;
}

Latency HealthyPairs::Cut() {
  const MutexLock lock(mutex_);
  std::vector<double> all = std::exchange(latencies_ms_, {});
  std::sort(all.begin(), all.end());
  Latency result{.delivered = all.size(),
                 .lost = std::exchange(lost_, 0),
                 .damaged = std::exchange(damaged_, 0)};
  std::vector<double> wakes = std::exchange(wakes_ms_, {});
  std::sort(wakes.begin(), wakes.end());
  result.p50_ms = Quantile(all, 0.5);
  result.p99_ms = Quantile(all, 0.99);
  result.max_ms = Quantile(all, 1);
  result.wake_p99_ms = Quantile(wakes, 0.99);
  return result;
}

Latency HealthyPairs::Finish() {
  finish_ = true;
  if (thread_.joinable()) thread_.join();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const std::uint64_t sent = sequences_[i ^ 1].next_to_send;
    const MutexLock lock(mutex_);
    lost_ += sent - std::min(sent, sequences_[i].next_expected);
    sequences_[i].next_expected = sent;
  }
  return Cut();
}

}  // namespace derp::test
