#include "tests/bench/load/client_set.h"

#include <fmt/format.h>

namespace derp::load {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);  // without a single login
constexpr auto kWait = std::chrono::milliseconds(10);

}  // namespace

ClientSet::ClientSet(Tools& tools, const std::vector<Server>& servers,
                     const std::vector<std::uint32_t>& server_of, PacketTaker& taker)
    : tools_(tools) {
  clients_.reserve(server_of.size());
  for (const std::uint32_t server : server_of) {
    clients_.push_back(
        std::make_unique<Connection>(tools, servers[server], clients_.size(), &taker));
  }
}

std::optional<Error> ClientSet::ConnectAll(std::size_t parallel, const std::atomic<bool>& stop) {
  std::size_t started = 0;
  std::size_t ready_before = 0;
  TimePoint progress = SystemClock().Now();
  while (ready_ < clients_.size()) {
    for (; started < clients_.size() && started < ready_ + parallel; ++started) {
      clients_[started]->Start();
      if (clients_[started]->broken()) first_error_ = clients_[started]->error();
    }
    tools_.FlushAll();
    Turn(kWait);
    if (stop.load()) return Error{ErrorCode::kCancelled, "stopped", 0};
    const TimePoint now = SystemClock().Now();
    if (ready_ != ready_before) progress = now;
    ready_before = ready_;
    if (!first_error_ && now - progress > kPatience) {
      first_error_ = Error{ErrorCode::kTimeout, "no login for 30 s", 0};
    }
    if (first_error_) {
      return Within(fmt::format("client {} of {}", ready_ + 1, clients_.size()), *first_error_);
    }
  }
  return std::nullopt;
}

void ClientSet::Turn(Duration most) {
  for (const epoll_event& event : tools_.poller.Wait(most)) {
    Connection& client = *clients_[event.data.u64];
    const bool was_ready = client.ready();
    client.OnEvents(event);
    if (!was_ready && client.ready()) ++ready_;
    if (client.broken() && !first_error_) first_error_ = client.error();
  }
}

}  // namespace derp::load
