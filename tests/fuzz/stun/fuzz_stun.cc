// Any bytes through every STUN reader. What is accepted must be consistent: a request reads back to
// what we would have sent, an answer to it is readable and starts no conversation between servers.
#include <cstdint>

#include "common/base/result.h"
#include "common/stun/exchange.h"
#include "common/stun/message.h"
#include "common/stun/server_answer.h"

using namespace derp;

namespace {

const SocketAddress kSource{IpAddress::V4({203, 0, 113, 7}), 41641};

void CheckRequest(ByteView datagram) {
  const auto id = stun::ParseRequest(datagram);
  if (!id) return;
  Check(stun::PeekTransactionId(datagram) == *id, "the transaction id is the header's");
  Check(stun::ParseRequest(stun::BuildRequest(*id)) == *id, "a request reads back");
}

void CheckResponse(ByteView datagram) {
  const auto response = stun::ParseResponse(datagram);
  if (!response) return;
  Check(!response->address.ip.IsMapped(), "addresses are unmapped");
  const auto again = stun::ParseResponse(stun::BuildResponse(response->id, response->address));
  Check(again && again->address == response->address, "a response reads back");
  stun::Exchange exchange;
  exchange.Sent(response->id, kSource, TimePoint{});
  Check(exchange.Receive(datagram, kSource, TimePoint{}).kind == stun::MatchKind::kAnswer,
        "a response to our request answers it");
}

void CheckAnswer(stun::ServerMode mode, ByteView datagram) {
  const auto answer = stun::AnswerRequest(mode, datagram, kSource);
  if (!answer) return;
  Check(answer->bytes().size() <= stun::kMaxAnswer, "answers are bounded");
  Check(!stun::AnswerRequest(mode, answer->bytes(), kSource), "an answer gets no answer");
  const auto response = stun::ParseResponse(answer->bytes());
  Check(!response || response->address == kSource, "a success carries the source");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView datagram(data, size);
  CheckRequest(datagram);
  CheckResponse(datagram);
  CheckAnswer(stun::ServerMode::kStrict, datagram);
  CheckAnswer(stun::ServerMode::kGeneric, datagram);
  return 0;
}
