// A relay that passes packets on, or loses and changes them as a test says.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "common/base/mutex.h"
#include "common/wire/messages.h"
#include "tests/integration/derp/relay_side.h"

namespace derp::test {

// Relays the packets of the first connection to the second, as a test wants them changed.
class PacketRelay {
 public:
  using Change = std::function<std::optional<Bytes>(ByteView packet, int number)>;
  // `hold`: every packet is kept back so long.
  explicit PacketRelay(Change change, Duration hold = {})
      : change_(std::move(change)), hold_(hold) {}

  using OnLogin = std::function<void(const wire::ReceivedClientInfo&)>;
  void Play(RelaySide& side, int index, const OnLogin& on_login = {}) {
    PlayAfter(side, side.ReadHead(), index, on_login);
  }

  // The head of the upgrade was read.
  void PlayAfter(RelaySide& side, std::string head, int index, const OnLogin& on_login = {}) {
    const auto info = side.LogInAfter(std::move(head), server_);
    if (on_login) on_login(info);
    if (index > 0) return Deliver(side);
    try {
      Forward(side, info.key);
    } catch (const std::exception&) {  // the client left
      const MutexLock lock(mutex_);
      ended_ = true;
      changed_.NotifyAll();
    }
  }

  NodePublic server() const { return server_.Public(); }

 private:
  void Forward(RelaySide& side, const NodePublic& source) {
    for (int number = 0;; ++number) {
      const RelaySide::Received frame = side.ReadFrame();
      const auto sent = wire::DecodeSendPacket(frame.payload);
      if (frame.type != wire::FrameType::kSendPacket || !sent) continue;
      const auto packet = change_(sent->packet, number);
      if (!packet) continue;
      Bytes bytes;
      wire::AppendRecvPacket(bytes, source, *packet);
      const MutexLock lock(mutex_);
      queue_.push_back(std::move(bytes));
      changed_.NotifyAll();
    }
  }

  void Deliver(RelaySide& side) {
    for (;;) {
      Bytes bytes;
      {
        const MutexLock lock(mutex_);
        while (queue_.empty()) {
          if (ended_) return;
          changed_.Wait(mutex_);
        }
        bytes = std::move(queue_.front());
        queue_.pop_front();
        const auto until = std::chrono::steady_clock::now() + hold_;
        while (hold_ > Duration::zero() && !ended_ && changed_.WaitUntil(mutex_, until)) {
        }
      }
      side.Send(bytes);
    }
  }

  const Change change_;
  const Duration hold_;
  SystemRandom random_;
  const NodePrivate server_ = NodePrivate::Generate(random_);
  Mutex mutex_;
  CondVar changed_;
  std::deque<Bytes> queue_ DERP_GUARDED_BY(mutex_);
  bool ended_ DERP_GUARDED_BY(mutex_) = false;
};

inline std::optional<Bytes> Unchanged(ByteView packet, int) {
  return Bytes(packet.begin(), packet.end());
}

}  // namespace derp::test
