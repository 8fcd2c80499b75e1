#include "derper/stun/stun_worker.h"

#include <sys/socket.h>
#include <utility>

#include <fmt/format.h>

namespace derp::relay {
namespace {

// A socket that only fails must not take a whole core.
constexpr Duration kErrorPause = std::chrono::milliseconds(10);

}  // namespace

StunWorker::StunWorker(net::Fd socket, const StunShared& shared, StunCounters& counters)
    : socket_(std::move(socket)),
      shared_(shared),
      counters_(counters),
      batch_(socket_.get()),
      thread_([this] { Run(); }) {}

StunWorker::~StunWorker() { Stop(); }

void StunWorker::Stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  // On a socket without a peer this fails (ENOTCONN) and yet ends the waiting for datagrams, now
  // and from now on; Linux does so on purpose.
  ::shutdown(socket_.get(), SHUT_RD);
  thread_.join();
  socket_.Close();
}

// The waiting is recvmmsg's own: a poll() before it would be a third system call for each request
// of a relay that is not busy.
void StunWorker::Run() {
  for (;;) {
    const auto count = batch_.Receive();
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (count) {
      AnswerBatch(*count);
      continue;
    }
    counters_.AddReadError();
    shared_.log.Write(LogLevel::kError, "STUN read: " + count.error().context);
    std::this_thread::sleep_for(kErrorPause);
  }
}

void StunWorker::AnswerBatch(std::size_t count) {
  for (std::size_t slot = 0; slot < count; ++slot) AnswerOne(slot);
  const AnswerSender::Sent sent = batch_.SendReplies();
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
  batch_.Reply(slot, answer->bytes());
}

// Tailscale's dialect is not limited: its answers hardly exceed its requests, and many clients may
// share an address.
bool StunWorker::MaySend(const stun::Answer& answer, const IpAddress& source) {
  if (answer.tailscale_dialect || shared_.limiter == nullptr) return true;
  return shared_.limiter->Allow(source, shared_.clock.Now());
}

}  // namespace derp::relay
