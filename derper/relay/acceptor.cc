#include "derper/relay/acceptor.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

#include "common/net/sockets.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

constexpr int kAcceptsPerTurn = 64;  // so that reloads and pages get their turn in a storm
constexpr int kLastTurns = 64;       // what fits into an accept queue, not a storm without end

}  // namespace

Expected<std::unique_ptr<Acceptor>, Error> Acceptor::Start(RelayState& state) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(state));
  acceptor->OpenReserve();
  for (const ListenerOptions& options : state.options.listeners) {
    auto fd = state.options.listen(options.address, state.options.tcp);
    if (!fd) return Fail(std::move(fd.error()));
    auto address = net::LocalAddress(fd->get());
    if (!address) return Fail(std::move(address.error()));
    acceptor->listeners_.push_back({std::move(*fd), std::move(*address), nullptr});
  }
  for (std::size_t i = 0; i < acceptor->listeners_.size(); ++i) {
    Listener& listener = acceptor->listeners_[i];
    listener.watcher = std::make_unique<net::IoWatcher>(
        state.control, listener.fd.get(),
        [self = acceptor.get(), i](net::IoEvents) { self->AcceptWaiting(i); });
    listener.watcher->Want(true, false);
  }
  return acceptor;
}

std::vector<SocketAddress> Acceptor::Addresses() const {
  std::vector<SocketAddress> addresses;
  for (const Listener& listener : listeners_) addresses.push_back(listener.address);
  return addresses;
}

bool Acceptor::AcceptWaiting(std::size_t listener) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    auto accepted = net::Accept(listeners_[listener].fd.get(), state_.options.tcp);
    if (!accepted) {
      const int error = accepted.error().sys_errno;
      if (error == EMFILE || error == ENFILE) RefuseOne(listener);
      state_.accept_failures.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (!*accepted) return false;
    HandOver(listener, std::move((*accepted)->fd), std::move((*accepted)->peer));
  }
  return true;
}

void Acceptor::TakeLast() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (int turn = 0; turn < kLastTurns && AcceptWaiting(i); ++turn) {
    }
  }
}

void Acceptor::HandOver(std::size_t listener, net::Fd fd, SocketAddress peer) {
  Incoming incoming{
      .fd = std::move(fd), .peer = std::move(peer), .listener = listener, .tls_context = nullptr};
  incoming.proxied = IsProxy(incoming.peer.ip);
  if (state_.options.listeners[listener].tls) {
    incoming.tls_context = state_.options.tls_context();
    if (!incoming.tls_context) {
      state_.tls_rejected.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    state_.tls_accepted.fetch_add(1, std::memory_order_relaxed);
  }
  // In blocks: peers that share a worker save the hop between two, and few need no second core.
  const std::size_t block = state_.options.connections_per_block;
  const auto lightest = std::min_element(
      state_.workers.begin(), state_.workers.end(),
      [block](const auto& a, const auto& b) { return a->load() / block < b->load() / block; });
  (*lightest)->Adopt(std::move(incoming));
}

bool Acceptor::IsProxy(const IpAddress& address) const {
  const auto& proxies = state_.options.proxies;
  return std::any_of(proxies.begin(), proxies.end(),
                     [&](const IpPrefix& prefix) { return prefix.Contains(address); });
}

void Acceptor::RefuseOne(std::size_t listener) {
  reserve_.Close();
  // Closes what it accepts at once.
  (void)net::Accept(listeners_[listener].fd.get(), state_.options.tcp);
  OpenReserve();
}

void Acceptor::OpenReserve() { reserve_ = net::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace derp::relay
