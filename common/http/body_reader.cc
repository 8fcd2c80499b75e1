#include "common/http/body_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/base/text.h"

namespace derp::http {
namespace {

constexpr std::size_t kMaxChunkLine = 256;  // size and extensions of one chunk
constexpr std::size_t kMaxTrailers = 4096;  // ignored, so not worth more

std::optional<std::size_t> ParseNumber(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

int BodyErrorStatus(BodyError error) {
  switch (error) {
    case BodyError::kMalformed:
      return 400;
    case BodyError::kTooLarge:
      return 413;
    case BodyError::kUnsupported:
      return 501;
  }
  return 400;
}

Expected<BodyReader, BodyError> BodyReader::For(const RequestHead& head, std::size_t max_size) {
  const auto codings = head.headers.All("Transfer-Encoding");
  const auto lengths = head.headers.All("Content-Length");
  BodyReader reader;
  reader.max_size_ = max_size;
  if (!codings.empty()) {
    // Both at once, or either in HTTP/1.0, is how requests are smuggled past a proxy.
    if (!lengths.empty() || head.minor_version == 0) return Fail(BodyError::kMalformed);
    if (codings.size() > 1 || !EqualsIgnoreCase(codings[0], "chunked")) {
      return Fail(BodyError::kUnsupported);
    }
    reader.state_ = State::kChunkSize;
    return reader;
  }
  if (lengths.empty()) return reader;
  const bool agree = std::all_of(lengths.begin(), lengths.end(),
                                 [&](std::string_view value) { return value == lengths[0]; });
  const bool digits =
      !lengths[0].empty() && std::all_of(lengths[0].begin(), lengths[0].end(),
                                         [](char c) { return c >= '0' && c <= '9'; });
  if (!agree || !digits) return Fail(BodyError::kMalformed);
  const auto length = ParseNumber(lengths[0], 10);
  if (!length || *length > max_size) return Fail(BodyError::kTooLarge);
  reader.left_ = *length;
  reader.state_ = *length > 0 ? State::kLength : State::kDone;
  return reader;
}

Expected<bool, BodyError> BodyReader::TakeFramingLine(ByteView& input, std::string& line) {
  std::string_view text = AsText(input);
  const std::size_t end = text.substr(0, kMaxChunkLine).find('\n');
  if (end == std::string_view::npos) {
    if (text.size() >= kMaxChunkLine) return Fail(BodyError::kMalformed);
    return false;
  }
  line = TakeLine(text);
  input = input.subspan(end + 1);
  return true;
}

Expected<void, BodyError> BodyReader::ReadChunkSize(std::string_view line) {
  const auto size = ParseNumber(TrimSpace(line.substr(0, line.find(';'))), 16);
  if (!size) return Fail(BodyError::kMalformed);
  if (*size > max_size_ - body_.size()) return Fail(BodyError::kTooLarge);
  left_ = *size;
  state_ = left_ > 0 ? State::kChunkData : State::kTrailer;
  return {};
}

Expected<bool, BodyError> BodyReader::Take(ByteView& input) {
  while (state_ != State::kDone) {
    if (state_ == State::kLength || state_ == State::kChunkData) {
      const std::size_t count = std::min(left_, input.size());
      body_ += AsText(input.first(count));
      input = input.subspan(count);
      left_ -= count;
      if (left_ > 0) return false;
      state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
      continue;
    }
    std::string line;
    const auto taken = TakeFramingLine(input, line);
    if (!taken || !*taken) return taken;
    if (state_ == State::kChunkSize) {
      if (auto read = ReadChunkSize(line); !read) return Fail(read.error());
    } else if (state_ == State::kChunkEnd) {
      if (!line.empty()) return Fail(BodyError::kMalformed);
      state_ = State::kChunkSize;
    } else {
      trailer_bytes_ += line.size();
      if (trailer_bytes_ > kMaxTrailers) return Fail(BodyError::kMalformed);
      if (line.empty()) state_ = State::kDone;
    }
  }
  return true;
}

}  // namespace derp::http
