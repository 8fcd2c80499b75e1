#include "common/http/websocket.h"

#include <catch2/catch.hpp>

#include "common/base/hex.h"

using namespace derp;
using http::WebSocket;
using http::WebSocketClose;
using State = WebSocket::State;

namespace {

Bytes Hex(std::string_view text) { return DecodeHex(text).value(); }

// RFC 6455 5.7 uses this mask.
void FillMask(ByteSpan out) {
  const Bytes mask = Hex("37fa213d");
  std::copy(mask.begin(), mask.end(), out.begin());
}

struct Taken {
  State state;
  Bytes content;
  Bytes answer;
};

Taken Receive(WebSocket& socket, ByteView input) {
  Taken taken{};
  taken.state = socket.Receive(input, taken.content);
  socket.TakeAnswer(taken.answer);
  return taken;
}

Taken ServerReceives(std::string_view hex) {
  WebSocket server = WebSocket::Server();
  return Receive(server, Hex(hex));
}

// A client's binary frame of zeros, masked with zeros.
Bytes ZeroFrame(std::uint8_t first, std::uint64_t size) {
  Bytes frame{first, 0xff};
  AppendU64Be(frame, size);
  frame.resize(frame.size() + 4 + size);
  return frame;
}

}  // namespace

TEST_CASE("a server's message is two bytes and the content", "[websocket]") {
  WebSocket server = WebSocket::Server();
  Bytes out;
  server.Send(AsBytes("Hello"), out);
  CHECK(EncodeHex(out) == "820548656c6c6f");
}

TEST_CASE("a client's message is masked", "[websocket]") {
  WebSocket client = WebSocket::Client(FillMask);
  Bytes out;
  client.Send(AsBytes("Hello"), out);
  CHECK(EncodeHex(out) == "828537fa213d7f9f4d5158");  // RFC 6455 5.7, as binary
  const Taken taken = ServerReceives(EncodeHex(out));
  CHECK(taken.state == State::kOpen);
  CHECK(AsText(taken.content) == "Hello");
}

TEST_CASE("what is long leaves as messages of 16 KiB", "[websocket]") {
  WebSocket server = WebSocket::Server();
  const Bytes content(40'000, 7);
  Bytes out;
  server.Send(content, out);
  CHECK(EncodeHex(ByteView(out).first(4)) == "827e4000");
  CHECK(EncodeHex(ByteView(out).subspan(4 + 16'384, 4)) == "827e4000");
  WebSocket client = WebSocket::Client(FillMask);
  Bytes received;
  CHECK(client.Receive(out, received) == State::kOpen);
  CHECK(received == content);
}

TEST_CASE("a stream of every kind of frame may be cut anywhere", "[websocket]") {
  // Ping "?", "ab" in two fragments with a pong between them, an empty message, close 1000.
  const Bytes stream =
      Hex("898100000000"
          "3f"
          "028100000000"
          "61"
          "8a8000000000"
          "808100000000"
          "62"
          "828000000000"
          "888200000000"
          "03e8");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    CAPTURE(cut);
    WebSocket server = WebSocket::Server();
    Bytes content;
    Bytes answers;
    server.Receive(ByteView(stream).first(cut), content);
    server.TakeAnswer(answers);
    server.Receive(ByteView(stream).subspan(cut), content);
    server.TakeAnswer(answers);
    CHECK(server.state() == State::kEnded);
    CHECK(AsText(content) == "ab");
    const std::string hex = EncodeHex(answers);
    CHECK(hex.ends_with("880203e8"));
    // The close overtakes a pong that nobody has taken yet.
    CHECK((hex == "880203e8" || hex == "8a013f880203e8"));
  }
}

TEST_CASE("of many pings the latest is answered", "[websocket]") {
  WebSocket server = WebSocket::Server();
  Bytes pings;
  for (int i = 0; i < 1000; ++i) AppendBytes(pings, Hex("89810000000061"));
  AppendBytes(pings, Hex("89810000000062"));
  const Taken taken = Receive(server, pings);
  CHECK(EncodeHex(taken.answer) == "8a0162");
  CHECK_FALSE(server.owes_answer());
}

TEST_CASE("broken rules end the stream with their code", "[websocket]") {
  struct Row {
    const char* what;
    const char* hex;
    WebSocketClose code;
  };
  const auto row = GENERATE(values<Row>({
      {"unmasked", "820161", WebSocketClose::kProtocolError},
      {"text", "81810000000061", WebSocketClose::kUnsupported},
      {"reserved bit", "c2810000000061", WebSocketClose::kProtocolError},
      {"reserved kind", "83810000000061", WebSocketClose::kProtocolError},
      {"reserved control", "8b8000000000", WebSocketClose::kProtocolError},
      {"continuation of nothing", "80810000000061", WebSocketClose::kProtocolError},
      {"message in a message", "0281000000006182810000000061", WebSocketClose::kProtocolError},
      {"fragmented ping", "098000000000", WebSocketClose::kProtocolError},
      {"long ping", "89fe007e00000000", WebSocketClose::kProtocolError},
      {"length not minimal", "82fe00010000000061", WebSocketClose::kProtocolError},
      {"length of 64 bits", "82ff80000000000000000000000061", WebSocketClose::kProtocolError},
      {"too long", "82ff00000000001000010000000061", WebSocketClose::kTooBig},
      {"close of one byte", "88810000000003", WebSocketClose::kProtocolError},
      {"close 1005", "88820000000003ed", WebSocketClose::kProtocolError},
  }));
  CAPTURE(row.what);
  WebSocket server = WebSocket::Server();
  const Taken taken = Receive(server, Hex(row.hex));
  CHECK(taken.state == State::kBroken);
  CHECK(server.fault() == row.code);
  CHECK_FALSE(server.fault_text().empty());
  REQUIRE(taken.answer.size() == 4);
  CHECK(taken.answer[0] == 0x88);
  CHECK(LoadU16Be(taken.answer.data() + 2) == static_cast<std::uint16_t>(row.code));
  Bytes more;
  CHECK(server.Receive(Hex("82810000000061"), more) == State::kBroken);
  CHECK(more.empty());
}

TEST_CASE("a client refuses masked frames", "[websocket]") {
  WebSocket client = WebSocket::Client(FillMask);
  CHECK(Receive(client, Hex("82810000000061")).state == State::kBroken);
}

TEST_CASE("fragments together may not exceed a message", "[websocket]") {
  WebSocket server = WebSocket::Server();
  Bytes content;
  CHECK(server.Receive(ZeroFrame(0x02, http::kMaxWebSocketMessage - 10), content) == State::kOpen);
  CHECK(server.Receive(ZeroFrame(0x00, 65'536), content) == State::kBroken);
  CHECK(server.fault() == WebSocketClose::kTooBig);
}

TEST_CASE("after a close nothing is sent any more", "[websocket]") {
  WebSocket server = WebSocket::Server();
  Bytes out;
  server.Close(WebSocketClose::kPolicy, "no", out);
  CHECK(EncodeHex(out) == "880403f06e6f");
  server.Close(WebSocketClose::kNormal, "", out);
  server.Send(AsBytes("x"), out);
  CHECK(out.size() == 6);
  Bytes content;
  CHECK(server.Receive(Hex("888200000000"
                           "03f0"),
                       content) == State::kEnded);
  CHECK_FALSE(server.owes_answer());
}
