// The relay's frame stream gives the same frames and the same end wherever its input is cut.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "derper/relay/connection/frame_stream.h"

namespace {

using derp::ByteView;
using derp::relay::FrameHandler;

// Takes even types up to 300 bytes, skips odd ones, refuses what is longer and type 0xfe.
class Recorder final : public FrameHandler {
 public:
  Verdict OnHeader(const derp::wire::FrameHeader& header) override {
    ++headers;
    const auto type = static_cast<unsigned>(header.type);
    if (type % 4 == 2 && !std::exchange(paid, true)) return Verdict::kPause;
    paid = false;
    if (type % 2 == 1) return Verdict::kSkip;
    return header.length > 300 || type == 0xfe ? Verdict::kClose : Verdict::kTake;
  }
  bool OnFrame(const derp::wire::Frame& frame) override {
    frames.emplace_back(frame.payload.begin(), frame.payload.end());
    return static_cast<unsigned>(frame.type) != 0x06;
  }

  bool paid = false;  // the header was put off once
  std::size_t headers = 0;
  std::vector<derp::Bytes> frames;
};

struct Outcome {
  bool open = true;
  bool inside = false;
  Recorder recorder;
};

Outcome Run(ByteView input, std::size_t piece) {
  Outcome outcome;
  derp::relay::BufferPool pool;
  derp::relay::FrameStream stream;
  while (outcome.open && !input.empty()) {
    const std::size_t count = std::min(piece, input.size());
    outcome.open = stream.Feed(input.first(count), outcome.recorder, pool);
    input = input.subspan(count);
    // What waits may go on at once or when more is there.
    while (outcome.open && stream.paused() && (count % 2 == 1 || input.empty())) {
      outcome.open = stream.Resume(outcome.recorder, pool);
    }
  }
  outcome.inside = outcome.open && stream.inside_payload();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const Outcome whole = Run(input, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1U, 3U, 7U}) {
    const Outcome cut = Run(input, piece);
    derp::Check(cut.open == whole.open, "the end does not depend on cuts");
    derp::Check(cut.inside == whole.inside, "nor where the stream stands");
    derp::Check(cut.recorder.headers == whole.recorder.headers, "nor the headers judged");
    derp::Check(cut.recorder.frames == whole.recorder.frames, "nor the frames");
  }
  return 0;
}
