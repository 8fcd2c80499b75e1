#include "common/derp/loop_dialer.h"

#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/net/sockets.h"

namespace derp {

// What the dialer and the thread that asks DNS share.
struct LoopDialer::Lookup {
  Mutex mutex;
  net::EventLoop* loop DERP_GUARDED_BY(mutex) = nullptr;  // null: nobody waits for the answer
  LoopDialer* dialer = nullptr;                           // of the loop's thread only
};

LoopDialer::LoopDialer(net::EventLoop& loop, std::shared_ptr<net::Resolver> resolver,
                       Callback callback)
    : loop_(loop),
      resolver_(std::move(resolver)),
      callback_(std::move(callback)),
      lookup_(std::make_shared<Lookup>()),
      attempt_timer_(loop, [this] {
        Failed({.code = ErrorCode::kTimeout,
                .context = "dial tcp " + addresses_[next_ - 1].ToString() + ": i/o timeout"});
      }) {
  MutexLock lock(lookup_->mutex);
  lookup_->loop = &loop_;
  lookup_->dialer = this;
}

LoopDialer::~LoopDialer() {
  lookup_->dialer = nullptr;
  MutexLock lock(lookup_->mutex);
  lookup_->loop = nullptr;
}

void LoopDialer::Start(const std::string& host, std::uint16_t port, TimePoint deadline) {
  port_ = port;
  deadline_ = deadline;
  if (const auto literal = IpAddress::Parse(host)) {
    loop_.Post([lookup = lookup_, ip = *literal] {
      if (lookup->dialer != nullptr) lookup->dialer->OnResolved(std::vector<IpAddress>{ip});
    });
    return;
  }
  Ask(lookup_, resolver_, host, deadline);
}

void LoopDialer::Ask(std::shared_ptr<Lookup> lookup, std::shared_ptr<net::Resolver> resolver,
                     const std::string& host, TimePoint deadline) {
  std::thread([lookup = std::move(lookup), resolver = std::move(resolver), host, deadline] {
    Found found = resolver->Resolve(host, std::nullopt, deadline);
    MutexLock lock(lookup->mutex);
    if (lookup->loop == nullptr) return;
    lookup->loop->Post([lookup, found = std::move(found)] {
      if (lookup->dialer != nullptr) lookup->dialer->OnResolved(found);
    });
  }).detach();
}

void LoopDialer::OnResolved(const Found& found) {
  if (!found) {
    const bool timeout = found.error().failure == net::DnsFailure::kTimeout;
    return Done(Fail(Error{.code = timeout ? ErrorCode::kTimeout : ErrorCode::kNotFound,
                           .context = found.error().text}));
  }
  for (const IpAddress& ip : *found) addresses_.push_back({.ip = ip, .port = port_});
  TryNext();
}

void LoopDialer::TryNext() {
  while (next_ < addresses_.size()) {
    const std::size_t left = addresses_.size() - next_;
    auto fd = net::StartConnectTcp(addresses_[next_++]);
    if (!fd) {
      if (!first_error_) first_error_ = fd.error();
      continue;
    }
    fd_ = std::move(*fd);
    watcher_ =
        std::make_unique<net::IoWatcher>(loop_, fd_.get(), [this](net::IoEvents) { OnWritable(); });
    watcher_->Want(false, true);
    attempt_timer_.Start(Remaining(loop_.Now(), deadline_) / static_cast<std::int64_t>(left));
    return;
  }
  Done(Fail(first_error_.value_or(
      Error{.code = ErrorCode::kNotFound, .context = "no address to connect to"})));
}

void LoopDialer::OnWritable() {
  const auto completed = net::CompleteConnect(fd_.get(), addresses_[next_ - 1]);
  if (!completed) return Failed(completed.error());
  watcher_.reset();
  Done(std::move(fd_));
}

void LoopDialer::Failed(Error error) {
  watcher_.reset();
  fd_.Close();
  if (!first_error_) first_error_ = std::move(error);
  TryNext();
}

void LoopDialer::Done(Expected<net::Fd, Error> result) {
  attempt_timer_.Stop();
  const Callback callback = std::move(callback_);
  callback(std::move(result));  // `this` may be gone afterwards
}

}  // namespace derp
