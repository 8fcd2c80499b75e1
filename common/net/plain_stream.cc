// ByteStream without TLS.
#include "common/net/byte_stream.h"
#include "common/net/stream_io.h"

namespace derp::net {
namespace {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(Fd fd) : fd_(std::move(fd)) {}

  Expected<std::size_t, Error> Read(ByteSpan out, TimePoint deadline) override {
    return ReceiveSome(fd_.get(), out, deadline);
  }
  Expected<void, Error> Write(ByteView bytes, TimePoint deadline) override {
    return SendAll(fd_.get(), bytes, deadline);
  }
  int fd() const override { return fd_.get(); }
  bool buffered() const override { return false; }

 private:
  Fd fd_;
};

}  // namespace

std::unique_ptr<ByteStream> MakePlainStream(Fd fd) {
  return std::make_unique<PlainStream>(std::move(fd));
}

}  // namespace derp::net
