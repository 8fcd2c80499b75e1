#include "common/http/body_stream.h"

#include <utility>

namespace derp::http {

bool BodyStream::Write(std::string_view piece) {
  const MutexLock lock(mutex_);
  if (ended_ || left_ || piece.size() > kMostWaiting - waiting_.size()) return false;
  if (piece.empty()) return true;
  const bool first = waiting_.empty();
  waiting_ += piece;
  if (first && wake_) wake_();
  return true;
}

void BodyStream::End() {
  const MutexLock lock(mutex_);
  if (std::exchange(ended_, true)) return;
  if (wake_) wake_();
}

bool BodyStream::over() const {
  const MutexLock lock(mutex_);
  return ended_ || left_;
}

void BodyStream::Listen(std::function<void()> wake) {
  const MutexLock lock(mutex_);
  wake_ = std::move(wake);
  if (!waiting_.empty() || ended_) wake_();
}

BodyStream::Piece BodyStream::Take() {
  const MutexLock lock(mutex_);
  return {.text = std::exchange(waiting_, {}), .last = ended_};
}

void BodyStream::Leave() {
  const MutexLock lock(mutex_);
  left_ = true;
  wake_ = nullptr;
  waiting_ = {};
}

}  // namespace derp::http
