// WebSocket peers that break the rules: closed at once, not when a timer has run.
#include <algorithm>

#include "common/http/websocket_handshake.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kEach = 20;
constexpr double kAtOnceMs = 800;

Stream DialWebSocket(const ServerProcess& server) {
  Stream stream = DialTls(server);
  const std::string request =
      http::WebSocketRequestText("127.0.0.1", "/derp", "dGhlIHNhbXBsZSBub25jZQ==", "derp");
  (void)stream->Write(AsBytes(request), Soon());
  Bytes buffer(4096);
  (void)stream->Read(buffer, Soon());
  return stream;
}

void BreakRules(Stage& stage, const Bytes& frame) {
  double slowest_ms = 0;
  std::size_t closed = 0;
  const SystemClock clock;
  for (std::size_t i = 0; i < kEach; ++i) {
    const Stream stream = DialWebSocket(stage.server());
    const TimePoint start = clock.Now();
    (void)stream->Write(frame, Soon());
    closed += AwaitClosed({stream->fd()}, After(std::chrono::seconds(8)));
    slowest_ms = std::max(slowest_ms,
                          std::chrono::duration<double, std::milli>(clock.Now() - start).count());
    if (slowest_ms > kAtOnceMs && !stage.thorough()) break;
  }
  stage.Note("closed after at most", slowest_ms, "ms");
  stage.Claim(closed > 0 && slowest_ms <= kAtOnceMs, "who breaks the rules is closed at once");
}

Attack Breaker(std::string_view name, std::string_view sentence, Bytes frame) {
  return {.name = name, .sentence = sentence, .run = [frame](Stage& stage) {
            BreakRules(stage, frame);
          }};
}

}  // namespace

std::vector<Attack> WebSocketBreakers() {
  Bytes huge = {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5};
  return {
      Breaker("websocket-unmasked", "a WebSocket frame without a mask", {0x82, 0x03, 1, 2, 3}),
      Breaker("websocket-reserved", "a WebSocket frame with reserved bits",
              {0xf2, 0x81, 1, 2, 3, 4, 5}),
      Breaker("websocket-text", "a WebSocket text message", {0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}),
      Breaker("websocket-continuation", "a continuation of no message",
              {0x80, 0x81, 0, 0, 0, 0, 'h'}),
      Breaker("websocket-huge", "a WebSocket message of 2^63 bytes", std::move(huge)),
  };
}

}  // namespace derp::test
