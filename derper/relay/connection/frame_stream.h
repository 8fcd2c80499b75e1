// Cuts a stream of any chunks into frames: whole frames in place, the rest of a cut one kept in a
// buffer that grows with what came, never with what was announced. Skipped frames stream past.
#pragma once

#include <cstdint>

#include "common/base/bytes.h"
#include "common/wire/frame.h"
#include "derper/relay/queues/buffer_pool.h"

namespace derp::relay {

class FrameHandler {
 public:
  enum class Verdict {
    kTake,
    kSkip,
    kClose,
    kPause,  // not now: Resume() asks again about the same frame
  };

  virtual ~FrameHandler() = default;
  // Once per frame, as soon as its header is there; and again after kPause.
  virtual Verdict OnHeader(const wire::FrameHeader& header) = 0;
  // The whole frame; the payload is borrowed for the call. False ends the stream.
  virtual bool OnFrame(const wire::Frame& frame) = 0;
};

class FrameStream {
 public:
  // False once the handler has ended the stream; what follows is not looked at any more.
  bool Feed(ByteView input, FrameHandler& handler, BufferPool& pool);

  // From within OnFrame(), or by OnHeader()'s verdict: what follows, and what is fed from now on,
  // waits uncut for Resume(). The caller stops feeding soon.
  void Pause() { paused_ = true; }
  bool paused() const { return paused_; }
  bool Resume(FrameHandler& handler, BufferPool& pool);

  // True while the stream stands inside a payload: an end of stream here is an error.
  bool inside_payload() const;
  void Release(BufferPool& pool) {
    pool.Return(partial_);
    pool.Return(held_);
  }
  std::size_t held() const { return held_.size() - held_from_; }

 private:
  // All take from the front of `input`; false ends the stream. A pause leaves the rest of it.
  bool Cut(ByteView& input, FrameHandler& handler, BufferPool& pool);
  bool Complete(ByteView& input, FrameHandler& handler, BufferPool& pool);
  bool CutInPlace(ByteView& input, FrameHandler& handler);

  Bytes partial_;               // the front of a frame that is cut off
  bool header_judged_ = false;  // of the frame in partial_: it is to be taken
  std::uint64_t skip_ = 0;      // bytes still to be thrown away
  bool paused_ = false;
  Bytes held_;  // what waits while paused, from held_from_ on
  std::size_t held_from_ = 0;
};

}  // namespace derp::relay
