#include "common/http/body_stream.h"

#include <catch2/catch.hpp>

#include "common/http/server_connection.h"

namespace derp::http {
namespace {

TEST_CASE("a stream takes no more than its room while nobody reads", "[http]") {
  BodyStream stream;
  const std::string half(BodyStream::kMostWaiting / 2, 'x');
  CHECK(stream.Write(half));
  CHECK(stream.Write(half));
  CHECK_FALSE(stream.Write("y"));
  CHECK_FALSE(stream.over());
  CHECK(stream.Take().text == half + half);
  CHECK(stream.Write("y"));
}

TEST_CASE("a stream wakes its listener once for what waits, and for its end", "[http]") {
  BodyStream stream;
  CHECK(stream.Write("early"));
  int woken = 0;
  stream.Listen([&] { ++woken; });
  CHECK(woken == 1);
  CHECK(stream.Write("more"));
  CHECK(woken == 1);
  CHECK(stream.Take().text == "earlymore");
  CHECK(stream.Write("again"));
  CHECK(woken == 2);
  stream.End();
  CHECK(woken == 3);
  const BodyStream::Piece piece = stream.Take();
  CHECK(piece.text == "again");
  CHECK(piece.last);
}

TEST_CASE("a stream whose listener left is over and silent", "[http]") {
  auto stream = std::make_shared<BodyStream>();
  int woken = 0;
  {
    ServerConnection connection(SocketAddress{}, /*tls=*/false);
    ByteView input = AsBytes("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    Bytes output;
    REQUIRE(connection.Next(input, WallTime{}, output).has_value());
    connection.Respond({.stream = stream}, WallTime{}, output);
    connection.stream().Listen([&] { ++woken; });
  }
  CHECK(stream->over());
  CHECK_FALSE(stream->Write("x"));
  stream->End();
  CHECK(woken == 0);
}

}  // namespace
}  // namespace derp::http
