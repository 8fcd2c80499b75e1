// A PROXY head is read alike wherever its stream is cut, and what follows it is left alone.
#include <algorithm>

#include "common/net/proxy_head.h"

namespace {

using derp::ByteView;

struct Outcome {
  int error = -1;
  bool whole = false;
  std::optional<derp::SocketAddress> client;
  std::size_t rest = 0;
};

Outcome Run(ByteView input, std::size_t piece) {
  Outcome outcome;
  derp::net::ProxyHeadReader reader;
  while (!input.empty()) {
    const std::size_t count = std::min(piece, input.size());
    ByteView part = input.first(count);
    const auto head = reader.Take(part);
    if (!head) {
      outcome.error = static_cast<int>(head.error());
      return outcome;
    }
    input = input.subspan(count - part.size());
    if (*head) {
      outcome.whole = true;
      outcome.client = (*head)->client;
      outcome.rest = input.size();
      return outcome;
    }
    derp::Check(part.empty(), "an unfinished head leaves no input");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const Outcome whole = Run(input, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1U, 3U, 7U}) {
    const Outcome cut = Run(input, piece);
    derp::Check(cut.error == whole.error, "the error does not depend on cuts");
    derp::Check(cut.whole == whole.whole, "nor whether there is a head");
    derp::Check(cut.client == whole.client, "nor the client");
    derp::Check(cut.rest == whole.rest, "nor what follows");
  }
  return 0;
}
