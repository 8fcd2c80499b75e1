#include "tests/bench/load/idle.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "tests/bench/load/payload.h"
#include "tests/bench/load/process.h"

namespace derp::load {
namespace {

constexpr std::uint64_t kKey = 0x1d1e;
constexpr std::size_t kSize = 200;
constexpr std::size_t kAtOnce = 500;  // packets under way when all are reached
constexpr auto kReachPatience = std::chrono::seconds(20);
constexpr auto kWait = std::chrono::milliseconds(20);

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

IdleRun::IdleRun(const Options& options)
    : options_(options),
      clients_(tools_, options.servers, std::vector<std::uint32_t>(options.idle), *this),
      reached_(options.idle) {}

std::optional<Error> IdleRun::Run(Figures& figures) {
  const std::atomic<bool> stop = false;
  const ProcessSample before = SampleProcesses(options_.server_pids);
  const KernelMemory kernel = SampleKernelMemory();
  const TimePoint start = SystemClock().Now();
  if (auto error = clients_.ConnectAll(options_.connect_parallel, stop)) return error;
  figures_.login_seconds = Seconds(SystemClock().Now() - start);
  for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].ReleaseBuffers();
  Hold(options_.settle);

  const ProcessSample settled = SampleProcesses(options_.server_pids);
  const KernelMemory kernel_settled = SampleKernelMemory();
  const CpuMeasurement measurement(options_.server_pids);
  Hold(options_.duration);
  figures.server = measurement.End();
  CountBroken();
  ReachAll();
  figures_.clients = clients_.size();
  figures_.resident_before_kib = before.resident_kib;
  figures_.resident_after_kib = settled.resident_kib;
  figures_.resident_end_kib = figures.server.resident_kib;
  figures_.kernel_tcp_kib = kernel_settled.tcp_kib - kernel.tcp_kib;
  figures_.kernel_slab_kib = kernel_settled.slab_kib - kernel.slab_kib;
  figures.tls = clients_[0].TlsText();
  figures.idle = figures_;
  return std::nullopt;
}

void IdleRun::Hold(Duration time) {
  const TimePoint end = SystemClock().Now() + time;
  for (TimePoint now = SystemClock().Now(); now < end; now = SystemClock().Now()) {
    clients_.Turn(std::min<Duration>(kWait * 10, end - now));
    tools_.FlushAll();
  }
}

void IdleRun::CountBroken() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].broken()) continue;
    ++figures_.broken;
    if (figures_.first_break.empty()) figures_.first_break = clients_[i].error().context;
  }
}

// Each sends to the next, so each gets one.
void IdleRun::ReachAll() {
  std::array<std::uint8_t, kSize> packet{};
  std::size_t sent = 0;
  const TimePoint deadline = SystemClock().Now() + kReachPatience;
  while (figures_.reached < clients_.size() && SystemClock().Now() < deadline) {
    for (; sent < clients_.size() && sent < figures_.reached + kAtOnce; ++sent) {
      if (!clients_[sent].ready()) continue;
      const TimePoint now = SystemClock().Now();
      FillPayload(packet, kKey,
                  {.sequence = 0,
                   .time = now.time_since_epoch().count(),
                   .flow = static_cast<std::uint32_t>(sent),
                   .size = kSize});
      clients_[sent].Send(clients_[Next(sent)].key(), packet, now);
    }
    tools_.FlushAll();
    clients_.Turn(kWait);
  }
}

void IdleRun::OnPacket(const Connection& at, const NodePublic& source, ByteView packet,
                       TimePoint /*now*/) {
  const auto head = PeekPayload(packet);
  if (!head || !PayloadIsIntact(packet, kKey, *head) || head->flow >= clients_.size() ||
      Next(head->flow) != at.token() || clients_[head->flow].key() != source) {
    ++figures_.corrupted;
    return;
  }
  if (reached_[at.token()]) return;
  reached_[at.token()] = true;
  ++figures_.reached;
}

}  // namespace derp::load
