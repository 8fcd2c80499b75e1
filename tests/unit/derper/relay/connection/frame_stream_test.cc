#include "derper/relay/connection/frame_stream.h"

#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;

namespace {

// Takes pings, skips what it does not know, refuses ClosePeer, and ends at a KeepAlive.
class Recorder final : public FrameHandler {
 public:
  Verdict OnHeader(const wire::FrameHeader& header) override {
    ++headers;
    if (header.type == wire::FrameType::kClosePeer) return Verdict::kClose;
    const bool known =
        header.type == wire::FrameType::kPing || header.type == wire::FrameType::kKeepAlive;
    return known ? Verdict::kTake : Verdict::kSkip;
  }
  bool OnFrame(const wire::Frame& frame) override {
    frames.emplace_back(frame.type, Bytes(frame.payload.begin(), frame.payload.end()));
    if (paused_after_each != nullptr) paused_after_each->Pause();
    return frame.type != wire::FrameType::kKeepAlive;
  }

  int headers = 0;
  FrameStream* paused_after_each = nullptr;
  std::vector<std::pair<wire::FrameType, Bytes>> frames;
};

Bytes Sample() {
  Bytes bytes;
  wire::AppendFrame(bytes, wire::FrameType::kPing, Bytes{1, 2, 3, 4, 5, 6, 7, 8});
  wire::AppendFrame(bytes, static_cast<wire::FrameType>(0x77), Bytes(20, 0xee));
  wire::AppendFrame(bytes, static_cast<wire::FrameType>(0x78), Bytes{});
  wire::AppendFrame(bytes, wire::FrameType::kPing, Bytes{});
  wire::AppendFrame(bytes, wire::FrameType::kPing, Bytes(300, 9));
  return bytes;
}

}  // namespace

TEST_CASE("a stream gives the same frames wherever it is cut", "[relay]") {
  const Bytes bytes = Sample();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    BufferPool pool;
    FrameStream stream;
    Recorder recorder;
    REQUIRE(stream.Feed(ByteView(bytes).first(cut), recorder, pool));
    REQUIRE(stream.Feed(ByteView(bytes).subspan(cut), recorder, pool));
    REQUIRE(recorder.frames.size() == 3);
    CHECK(recorder.headers == 5);
    CHECK(recorder.frames[0].second.size() == 8);
    CHECK(recorder.frames[1].second.empty());
    CHECK(recorder.frames[2].second == Bytes(300, 9));
    CHECK_FALSE(stream.inside_payload());
  }
}

TEST_CASE("a stream may come byte by byte", "[relay]") {
  BufferPool pool;
  FrameStream stream;
  Recorder recorder;
  for (const std::uint8_t byte : Sample()) REQUIRE(stream.Feed(Bytes{byte}, recorder, pool));
  CHECK(recorder.frames.size() == 3);
  CHECK(recorder.headers == 5);
}

TEST_CASE("a skipped frame of four gibibytes streams past without memory", "[relay]") {
  BufferPool pool;
  FrameStream stream;
  Recorder recorder;
  const Bytes header{0x77, 0xff, 0xff, 0xff, 0xff};
  REQUIRE(stream.Feed(header, recorder, pool));
  CHECK(stream.inside_payload());
  std::uint64_t left = 0xffffffff;
  const Bytes chunk(1 << 20);
  while (left > 0) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk.size()));
    REQUIRE(stream.Feed(ByteView(chunk).first(count), recorder, pool));
    left -= count;
  }
  CHECK_FALSE(stream.inside_payload());
  REQUIRE(stream.Feed(Sample(), recorder, pool));
  CHECK(recorder.frames.size() == 3);
}

TEST_CASE("a refused header ends the stream before its payload is awaited", "[relay]") {
  BufferPool pool;
  FrameStream stream;
  Recorder recorder;
  CHECK_FALSE(stream.Feed(Bytes{0x11, 0, 0, 0, 32}, recorder, pool));
  FrameStream cut;
  REQUIRE(cut.Feed(Bytes{0x11, 0}, recorder, pool));
  CHECK_FALSE(cut.Feed(Bytes{0, 0, 32}, recorder, pool));
}

TEST_CASE("nothing behind the frame that ended the stream is looked at", "[relay]") {
  BufferPool pool;
  FrameStream stream;
  Recorder recorder;
  Bytes bytes{0x06, 0, 0, 0, 0};
  AppendBytes(bytes, Sample());
  CHECK_FALSE(stream.Feed(bytes, recorder, pool));
  CHECK(recorder.frames.size() == 1);
  CHECK(recorder.headers == 1);
}

TEST_CASE("a paused stream keeps what comes, uncut, until it goes on", "[relay]") {
  const Bytes bytes = Sample();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    BufferPool pool;
    FrameStream stream;
    Recorder recorder;
    recorder.paused_after_each = &stream;
    REQUIRE(stream.Feed(ByteView(bytes).first(cut), recorder, pool));
    REQUIRE(stream.Feed(ByteView(bytes).subspan(cut), recorder, pool));
    CHECK(recorder.frames.size() == 1);
    CHECK(recorder.headers == 1);
    REQUIRE(stream.paused());
    REQUIRE(stream.Resume(recorder, pool));
    CHECK(recorder.frames.size() == 2);
    REQUIRE(stream.paused());
    REQUIRE(stream.Resume(recorder, pool));
    REQUIRE(recorder.frames.size() == 3);
    CHECK(recorder.headers == 5);
    CHECK(recorder.frames[0].second.size() == 8);
    CHECK(recorder.frames[2].second == Bytes(300, 9));
    REQUIRE(stream.Resume(recorder, pool));
    CHECK_FALSE(stream.inside_payload());
  }
}

TEST_CASE("a frame whose header has to wait is asked about again, and nothing is lost", "[relay]") {
  // Puts every header off once.
  class Reluctant final : public FrameHandler {
   public:
    Verdict OnHeader(const wire::FrameHeader& header) override {
      ++asked;
      paid = !paid;
      return paid ? Verdict::kPause : recorder.OnHeader(header);
    }
    bool OnFrame(const wire::Frame& frame) override { return recorder.OnFrame(frame); }
    Recorder recorder;
    int asked = 0;
    bool paid = false;
  };
  const Bytes bytes = Sample();
  Recorder whole;
  {
    BufferPool pool;
    REQUIRE(FrameStream().Feed(bytes, whole, pool));
  }
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    BufferPool pool;
    FrameStream stream;
    Reluctant handler;
    REQUIRE(stream.Feed(ByteView(bytes).first(cut), handler, pool));
    REQUIRE(stream.Feed(ByteView(bytes).subspan(cut), handler, pool));
    CHECK(handler.recorder.frames.empty());
    CHECK(stream.held() > 0);
    int resumed = 0;
    for (; stream.paused() && resumed < 100; ++resumed) {
      REQUIRE(stream.Resume(handler, pool));
    }
    CHECK(resumed == whole.headers);
    CHECK(handler.asked == 2 * whole.headers);
    CHECK(handler.recorder.frames == whole.frames);
    CHECK(stream.held() == 0);
    CHECK_FALSE(stream.inside_payload());
  }
}
