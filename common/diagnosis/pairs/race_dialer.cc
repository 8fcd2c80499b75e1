#include "common/diagnosis/pairs/race_dialer.h"

#include <algorithm>
#include <utility>

#include "common/net/sockets.h"

namespace derp::diagnosis {

RaceDialer::RaceDialer(net::EventLoop& loop, const std::vector<SocketAddress>& addresses,
                       Duration limit, Callback callback)
    : callback_(std::move(callback)), limit_timer_(loop, [this] {
        if (!attempts_.empty()) {
          Done(Fail(net::ConnectTimeout(attempts_.front()->address)));
        } else {
          Done(Fail(error_.value_or(
              Error{.code = ErrorCode::kNotFound, .context = "no address to connect to"})));
        }
      }) {
  for (const SocketAddress& address : addresses) {
    auto fd = net::StartConnectTcp(address);
    if (!fd) {
      Failed(nullptr, fd.error());
      continue;
    }
    attempts_.push_back(std::make_unique<Attempt>(address, std::move(*fd), nullptr));
    Attempt& attempt = *attempts_.back();
    attempt.watcher = std::make_unique<net::IoWatcher>(
        loop, attempt.fd.get(), [this, &attempt](net::IoEvents) { OnWritable(attempt); });
    attempt.watcher->Want(false, true);
  }
  // With nothing under way the answer comes at once, but in a turn of its own.
  limit_timer_.Start(attempts_.empty() ? Duration::zero() : limit);
}

RaceDialer::~RaceDialer() = default;

void RaceDialer::OnWritable(Attempt& attempt) {
  const auto completed = net::CompleteConnect(attempt.fd.get(), attempt.address);
  if (!completed) return Failed(&attempt, completed.error());
  attempt.watcher.reset();
  Done(std::move(attempt.fd));
}

void RaceDialer::Failed(Attempt* attempt, Error error) {
  // A family without a route says nothing about the node while the other one does.
  if (!error_ || error_->code == ErrorCode::kUnreachable) error_ = std::move(error);
  if (attempt == nullptr) return;
  std::erase_if(attempts_, [attempt](const auto& each) { return each.get() == attempt; });
  if (attempts_.empty()) Done(Fail(std::move(*error_)));
}

void RaceDialer::Done(Expected<net::Fd, Error> result) {
  limit_timer_.Stop();
  attempts_.clear();
  const Callback callback = std::move(callback_);
  callback(std::move(result));  // `this` may be gone afterwards
}

}  // namespace derp::diagnosis
