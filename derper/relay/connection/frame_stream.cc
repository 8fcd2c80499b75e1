#include "derper/relay/connection/frame_stream.h"

#include <algorithm>

namespace derp::relay {

using wire::kFrameHeaderSize;

bool FrameStream::Feed(ByteView input, FrameHandler& handler, BufferPool& pool) {
  if (!paused_ && !Cut(input, handler, pool)) return false;
  if (!paused_ || input.empty()) return true;
  pool.Lend(held_);
  AppendBytes(held_, input);
  return true;
}

bool FrameStream::Resume(FrameHandler& handler, BufferPool& pool) {
  paused_ = false;
  ByteView input = ByteView(held_).subspan(held_from_);
  // A header that was put off may have nothing behind it yet.
  const bool header_waits = !header_judged_ && partial_.size() == kFrameHeaderSize;
  if (header_waits && !Complete(input, handler, pool)) return false;
  if (!paused_ && !Cut(input, handler, pool)) return false;
  held_from_ = held_.size() - input.size();
  if (!input.empty()) return true;
  held_from_ = 0;
  held_.clear();
  pool.Return(held_);
  return true;
}

bool FrameStream::Cut(ByteView& input, FrameHandler& handler, BufferPool& pool) {
  while (!input.empty() && !paused_) {
    if (skip_ > 0) {
      const std::size_t count = std::min<std::uint64_t>(skip_, input.size());
      skip_ -= count;
      input = input.subspan(count);
      continue;
    }
    if (!partial_.empty()) {
      if (!Complete(input, handler, pool)) return false;
      continue;
    }
    if (!CutInPlace(input, handler)) return false;
    if (skip_ > 0 || paused_ || input.empty()) continue;
    pool.Lend(partial_);
    partial_.assign(input.begin(), input.end());
    input = {};
  }
  return true;
}

// Takes whole frames until the input is used up, starts in the middle of one, or a skip begins.
bool FrameStream::CutInPlace(ByteView& input, FrameHandler& handler) {
  while (const auto header = wire::PeekHeader(input)) {
    header_judged_ = false;
    switch (handler.OnHeader(*header)) {
      case FrameHandler::Verdict::kClose:
        return false;
      case FrameHandler::Verdict::kPause:
        paused_ = true;
        return true;
      case FrameHandler::Verdict::kSkip:
        skip_ = header->length;
        input = input.subspan(kFrameHeaderSize);
        if (skip_ > 0) return true;
        continue;
      case FrameHandler::Verdict::kTake:
        break;
    }
    if (input.size() - kFrameHeaderSize < header->length) {
      header_judged_ = true;
      return true;
    }
    const wire::Frame frame{.type = header->type,
                            .payload = input.subspan(kFrameHeaderSize, header->length)};
    input = input.subspan(kFrameHeaderSize + header->length);
    if (!handler.OnFrame(frame)) return false;
    if (paused_) return true;
  }
  return true;
}

// Adds to the frame in partial_ no more than it lacks.
bool FrameStream::Complete(ByteView& input, FrameHandler& handler, BufferPool& pool) {
  const auto take = [&](std::size_t wanted) {
    const std::size_t count = std::min(wanted, input.size());
    AppendBytes(partial_, input.first(count));
    input = input.subspan(count);
  };
  if (partial_.size() < kFrameHeaderSize) take(kFrameHeaderSize - partial_.size());
  const auto header = wire::PeekHeader(partial_);
  if (!header) return true;
  if (!header_judged_) {
    const FrameHandler::Verdict verdict = handler.OnHeader(*header);
    if (verdict == FrameHandler::Verdict::kClose) return false;
    if (verdict == FrameHandler::Verdict::kPause) {
      paused_ = true;
      return true;
    }
    if (verdict == FrameHandler::Verdict::kSkip) {
      skip_ = header->length;
      partial_.clear();
      pool.Return(partial_);
      return true;
    }
    header_judged_ = true;
  }
  take(kFrameHeaderSize + header->length - partial_.size());
  if (partial_.size() < kFrameHeaderSize + header->length) return true;
  header_judged_ = false;
  const bool go_on = handler.OnFrame(
      {.type = header->type, .payload = ByteView(partial_).subspan(kFrameHeaderSize)});
  partial_.clear();
  pool.Return(partial_);
  return go_on;
}

bool FrameStream::inside_payload() const {
  return skip_ > 0 || partial_.size() >= kFrameHeaderSize;
}

}  // namespace derp::relay
