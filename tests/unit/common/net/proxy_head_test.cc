#include "common/net/proxy_head.h"

#include <string>

#include <catch2/catch.hpp>

#include "common/base/hex.h"

using namespace derp;
using namespace derp::net;

namespace {

constexpr std::string_view kSignature = "0d0a0d0a000d0a515549540a";

Bytes Text(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Bytes Binary(std::string_view rest) {
  return *DecodeHex(std::string(kSignature) + std::string(rest));
}

struct Row {
  const char* name;
  Bytes head;
  std::string client;  // empty: the socket's address stands
};

std::vector<Row> GoodHeads() {
  const std::string addresses4 =
      "c0000201"
      "c6336402"
      "ddd5"
      "01bb";
  const std::string addresses6 =
      "20010db8000000000000000000000001"
      "20010db8000000000000000000000002"
      "ddd5"
      "01bb";
  const std::string mapped =
      "00000000000000000000ffffc0000201"
      "00000000000000000000ffffc6336402"
      "ddd5"
      "01bb";
  return {
      {"v1 TCP4", Text("PROXY TCP4 192.0.2.1 198.51.100.2 56789 443\r\n"), "192.0.2.1:56789"},
      {"v1 TCP6", Text("PROXY TCP6 2001:db8::1 2001:db8::2 56789 443\r\n"), "[2001:db8::1]:56789"},
      {"v1 mapped", Text("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 0 65535\r\n"),
       "192.0.2.1:0"},
      {"v1 unknown", Text("PROXY UNKNOWN\r\n"), ""},
      {"v1 unknown with more", Text("PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n"), ""},
      {"v2 TCP4", Binary("2111000c" + addresses4), "192.0.2.1:56789"},
      {"v2 TCP4 with TLVs", Binary("21110013" + addresses4 + "04000400000000"), "192.0.2.1:56789"},
      {"v2 TCP6", Binary("21210024" + addresses6), "[2001:db8::1]:56789"},
      {"v2 mapped", Binary("21210024" + mapped), "192.0.2.1:56789"},
      {"v2 local", Binary("20000000"), ""},
      {"v2 local with addresses", Binary("2011000c" + addresses4), ""},
      {"v2 unspecified", Binary("21000000"), ""},
      {"v2 Unix socket", Binary("213100d8" + std::string(216 * 2, '0')), ""},
  };
}

}  // namespace

TEST_CASE("a PROXY head gives the client's address wherever the stream is cut", "[proxy]") {
  for (const Row& row : GoodHeads()) {
    for (std::size_t cut = 0; cut <= row.head.size(); ++cut) {
      CAPTURE(row.name, cut);
      Bytes stream = row.head;
      AppendText(stream, "\x16\x03\x01rest");
      ProxyHeadReader reader;
      ByteView first = ByteView(stream).first(cut);
      auto head = reader.Take(first);
      REQUIRE(head);
      CHECK(first.empty());
      ByteView rest = ByteView(stream).subspan(cut);
      if (cut < row.head.size()) {
        REQUIRE_FALSE(head->has_value());
        head = reader.Take(rest);
        REQUIRE(head);
      }
      REQUIRE(head->has_value());
      CHECK(AsText(rest) == "\x16\x03\x01rest");
      CHECK(((*head)->client ? (*head)->client->ToString() : "") == row.client);
    }
  }
}

TEST_CASE("what is no PROXY head is refused at its first wrong byte", "[proxy]") {
  const std::string addresses4 = "c0000201c6336402ddd501bb";
  const struct {
    Bytes bytes;
    ProxyHeadError error;
    std::size_t seen;  // how many bytes it takes
  } rows[] = {
      {Text("GET / HTTP/1.1\r\n"), ProxyHeadError::kNotProxy, 1},
      {Text("\x16\x03\x01"), ProxyHeadError::kNotProxy, 1},
      {Text("POST /"), ProxyHeadError::kNotProxy, 2},
      {Text("\r\n\r\nGET"), ProxyHeadError::kNotProxy, 5},
      {Text("PROXY TCP4 192.0.2.1\n"), ProxyHeadError::kMalformed, 21},
      {Text("PROXY \r\n"), ProxyHeadError::kMalformed, 8},
      {Text("PROXY TCP4 192.0.2.1 198.51.100.2 56789\r\n"), ProxyHeadError::kMalformed, 41},
      {Text("PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n"), ProxyHeadError::kMalformed, 40},
      {Text("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n"), ProxyHeadError::kMalformed, 40},
      {Text("PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n"), ProxyHeadError::kMalformed, 41},
      {Text("PROXY TCP4 192.0.2.1 198.51.100.2 65536 1\r\n"), ProxyHeadError::kMalformed, 43},
      {Text("PROXY TCP4 192.0.2.1 198.51.100.2 01 1\r\n"), ProxyHeadError::kMalformed, 40},
      {Text("PROXY TCP4 192.0.2.1 198.51.100.2 -1 1\r\n"), ProxyHeadError::kMalformed, 40},
      {Text("PROXY UDP4 192.0.2.1 198.51.100.2 1 1\r\n"), ProxyHeadError::kMalformed, 39},
      {Text("PROXY UNKNOWN " + std::string(200, 'x')), ProxyHeadError::kTooLong, 107},
      {Binary("1111000c"), ProxyHeadError::kMalformed, 13},
      {Binary("2211000c"), ProxyHeadError::kMalformed, 13},
      {Binary("2111000b" + addresses4.substr(2)), ProxyHeadError::kMalformed, 27},
      {Binary("21210023" + std::string(70, '0')), ProxyHeadError::kMalformed, 51},
      {Binary("2112000c" + addresses4), ProxyHeadError::kMalformed, 28},
      {Binary("2141000c" + addresses4), ProxyHeadError::kMalformed, 28},
      {Binary("21110ff1"), ProxyHeadError::kTooLong, 16},
      {Binary("2111ffff"), ProxyHeadError::kTooLong, 16},
  };
  for (const auto& row : rows) {
    CAPTURE(EncodeHex(row.bytes));
    ProxyHeadReader reader;
    std::size_t seen = 0;
    for (const std::uint8_t byte : row.bytes) {
      ByteView one(&byte, 1);
      ++seen;
      const auto head = reader.Take(one);
      if (!head) {
        CHECK(head.error() == row.error);
        break;
      }
      REQUIRE_FALSE(head->has_value());
    }
    CHECK(seen == row.seen);
  }
}

TEST_CASE("the longest PROXY heads pass", "[proxy]") {
  ProxyHeadReader line_reader;
  Bytes line = Text("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n");
  CHECK(line.size() == 107);
  ByteView input(line);
  CHECK(line_reader.Take(input)->has_value());
  ProxyHeadReader binary_reader;
  const Bytes longest = Binary("20000ff0" + std::string(2 * 4080, '0'));
  CHECK(longest.size() == kMaxProxyHead);
  input = longest;
  CHECK(binary_reader.Take(input)->has_value());
}
