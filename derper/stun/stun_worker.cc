#include "derper/stun/stun_worker.h"

#include <array>
#include <cstdint>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace derp::relay {
namespace {

constexpr int kNoTimeout = -1;
constexpr int kErrorPauseMs = 10;  // A socket that only fails must not take a whole core.

}  // namespace

StunWorker::StunWorker(net::Fd socket, net::Fd wake, const StunShared& shared,
                       StunCounters& counters)
    : socket_(std::move(socket)),
      wake_(std::move(wake)),
      shared_(shared),
      counters_(counters),
      thread_([this] { Run(); }) {}

StunWorker::~StunWorker() { Stop(); }

void StunWorker::Stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // An eventfd takes a write of 1 unless its counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
  socket_.Close();
}

void StunWorker::Run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    const auto count = batch_.Receive(socket_.get());
    if (!count) {
      counters_.AddReadError();
      shared_.log.Write(LogLevel::kError, "STUN read: " + count.error().context);
      Wait(kErrorPauseMs);
      continue;
    }
    AnswerBatch(*count);
    // A full batch says that more is waiting: poll() would only cost time.
    if (*count < DatagramBatch::kSlots) Wait(kNoTimeout);
  }
}

// Until a datagram or Stop() comes. With a time-out the socket is left out: it is the one failing.
void StunWorker::Wait(int timeout_ms) {
  std::array<pollfd, 2> entries = {pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                                   pollfd{.fd = socket_.get(), .events = POLLIN, .revents = 0}};
  ::poll(entries.data(), timeout_ms == kNoTimeout ? 2 : 1, timeout_ms);
}

void StunWorker::AnswerBatch(std::size_t count) {
  for (std::size_t slot = 0; slot < count; ++slot) AnswerOne(slot);
  const DatagramBatch::Sent sent = batch_.SendReplies(socket_.get());
  counters_.AddSent(sent.success, sent.failed);
  if (sent.failed > 0) {
    shared_.log.Write(LogLevel::kError,
                      fmt::format("STUN write: {} of {} replies failed: {}", sent.failed,
                                  sent.failed + sent.success, ErrnoText(sent.last_errno)));
  }
}

void StunWorker::AnswerOne(std::size_t slot) {
  const SocketAddress source = batch_.Source(slot);
  auto answer = stun::AnswerRequest(shared_.mode, batch_.datagram(slot), source);
  if (!answer) {
    counters_.AddRejected(answer.error());
    return;
  }
  if (!MaySend(*answer, source.ip)) {
    counters_.AddRateLimited();
    return;
  }
  counters_.AddFamily(source.ip.family());
  batch_.Reply(slot, std::move(answer->bytes));
}

// Tailscale's dialect is not limited: its answers hardly exceed its requests, and many clients may
// share an address.
bool StunWorker::MaySend(const stun::Answer& answer, const IpAddress& source) {
  if (answer.tailscale_dialect || shared_.limiter == nullptr) return true;
  return shared_.limiter->Allow(source, shared_.clock.Now());
}

}  // namespace derp::relay
