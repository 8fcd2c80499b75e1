// The body of one request: Content-Length or chunked (RFC 9112 6 and 7.1), bounded, without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/http/request_head.h"

namespace derp::http {

enum class BodyError {
  kMalformed,    // 400: lengths that contradict each other, broken chunks
  kTooLarge,     // 413
  kUnsupported,  // 501: a transfer coding other than chunked
};

int BodyErrorStatus(BodyError error);

class BodyReader {
 public:
  BodyReader() = default;  // no body
  // How the head says its body is framed. A Content-Length above `max_size` fails here.
  static Expected<BodyReader, BodyError> For(const RequestHead& head, std::size_t max_size);

  // Takes what it can off the front of `input`; true when the body is whole.
  Expected<bool, BodyError> Take(ByteView& input);
  bool empty() const { return state_ == State::kDone && body_.empty(); }
  std::string Release() { return std::move(body_); }

 private:
  enum class State { kLength, kChunkSize, kChunkData, kChunkEnd, kTrailer, kDone };
  // Takes a line of chunk framing; false while its end has yet to arrive.
  Expected<bool, BodyError> TakeFramingLine(ByteView& input, std::string& line);
  Expected<void, BodyError> ReadChunkSize(std::string_view line);

  State state_ = State::kDone;
  std::size_t max_size_ = 0;
  std::size_t left_ = 0;           // of the body, or of the current chunk
  std::size_t trailer_bytes_ = 0;  // seen so far
  std::string body_;
};

}  // namespace derp::http
