// A WebSocket of either side takes any bytes and gives the same content wherever its input is cut.
// What it answers is small and readable by the other side.
#include <algorithm>

#include "common/base/result.h"
#include "common/http/websocket.h"

using derp::Bytes;
using derp::ByteSpan;
using derp::ByteView;
using derp::Check;
using derp::http::WebSocket;

namespace {

void FillMask(ByteSpan out) {
  for (std::uint8_t& byte : out) byte = 0x5a;
}

WebSocket Make(bool server) { return server ? WebSocket::Server() : WebSocket::Client(FillMask); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool server = (data[0] & 1) != 0;
  const std::size_t step = data[1] + std::size_t{1};
  const ByteView input(data + 2, size - 2);

  WebSocket whole = Make(server);
  Bytes content;
  const auto state = whole.Receive(input, content);
  Check(content.size() <= input.size(), "content is no longer than its frames");

  WebSocket cut = Make(server);
  Bytes pieces;
  for (std::size_t at = 0; at < input.size(); at += step) {
    cut.Receive(input.subspan(at, std::min(step, input.size() - at)), pieces);
  }
  Check(cut.state() == state && pieces == content, "cutting changes nothing");

  Bytes answer;
  whole.TakeAnswer(answer);
  Check(answer.size() <= 300, "answers are bounded");
  WebSocket other = Make(!server);
  Bytes nothing;
  Check(other.Receive(answer, nothing) != WebSocket::State::kBroken, "answers follow the rules");
  return 0;
}
