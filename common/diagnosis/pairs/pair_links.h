// The two clients of one ordered pair: connects the sender, then the receiver, waits until the
// relays have told each other, then carries packets one way (derpprobe.md 5.1, 5.2). Belongs to the
// loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/diagnosis/pairs/pair_task.h"
#include "common/diagnosis/pairs/relay_link.h"

namespace derp::diagnosis {

// Why a pair cannot be measured with the keys at hand; empty: it can. One known key cannot log in
// to two relays of a mesh and still tell their packets apart.
std::string KeyObstacle(const PairTask& task, const WalkContext& context);

class PairLinks {
 public:
  // None of them may destroy the links: post that.
  struct Events {
    std::function<void()> ready;
    std::function<void(ByteView)> received;  // from the sender; borrowed
    std::function<void(Error)> failed;       // the last call
  };

  PairLinks(LinkHost& host, const PairTask& task, Events events);
  PairLinks(const PairLinks&) = delete;
  PairLinks& operator=(const PairLinks&) = delete;

  void Start(Duration limit);  // until both have logged in

  // After `ready`.
  ClientSession::SendResult Send(ByteView packet) { return from_->Send(to_->key(), packet); }
  // What the sender's relay asks of its clients.
  const wire::ServerInfo& sender_info() const { return from_->info(); }
  // "[AbCdE] -> [FgHiJ]: what", to be searched for in relays' logs.
  Error Named(Error error) const;

 private:
  void FromUp();
  void BothUp();
  void Received(const wire::RecvPacket& packet);
  void Failed(const RelayLink& link, std::string_view doing, Error error);

  LinkHost& host_;
  const PairTask task_;
  Events events_;
  std::unique_ptr<RelayLink> from_;
  std::unique_ptr<RelayLink> second_;  // none when one client sends to itself
  RelayLink* to_ = nullptr;
  bool ready_ = false;
  bool dead_ = false;
  TimePoint deadline_;
  net::Timer settle_timer_;
};

}  // namespace derp::diagnosis
