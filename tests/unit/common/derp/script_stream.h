// A byte stream that follows a script: what the relay sends, in pieces, and what it got.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "common/net/byte_stream.h"

namespace derp::test {

class ScriptStream final : public net::ByteStream {
 public:
  struct Log {
    Bytes written;
    std::size_t writes = 0;
  };
  // `log` outlives the stream. What comes after the last piece is `end`.
  explicit ScriptStream(Log& log, std::deque<Bytes> pieces = {},
                        ErrorCode end = ErrorCode::kTimeout)
      : log_(log), pieces_(std::move(pieces)), end_(end) {}

  void Say(Bytes piece) { pieces_.push_back(std::move(piece)); }
  // The relay hung up: nothing is taken any more, what it said before can still be read.
  void RefuseWrites() { refuses_writes_ = true; }

  Expected<std::size_t, Error> Read(ByteSpan out, TimePoint) override {
    if (pieces_.empty()) return Fail(Error{.code = end_, .context = "script", .sys_errno = 0});
    Bytes& piece = pieces_.front();
    const std::size_t count = std::min(out.size(), piece.size());
    std::copy_n(piece.begin(), count, out.begin());
    piece.erase(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
    if (piece.empty()) pieces_.pop_front();
    return count;
  }
  Expected<void, Error> Write(ByteView bytes, TimePoint) override {
    if (refuses_writes_) return Fail(Error{ErrorCode::kReset, "broken pipe", 0});
    AppendBytes(log_.written, bytes);
    ++log_.writes;
    return {};
  }
  int fd() const override { return -1; }
  bool buffered() const override { return !pieces_.empty(); }

 private:
  Log& log_;
  std::deque<Bytes> pieces_;
  ErrorCode end_;
  bool refuses_writes_ = false;
};

}  // namespace derp::test
