#include "common/base/text.h"

#include <catch2/catch.hpp>

#include "common/base/result.h"

using namespace derp;

TEST_CASE("what a peer says is cut and made printable", "[base]") {
  CHECK(PrintablePeerText("plain ü") == "plain ü");
  CHECK(PrintablePeerText("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a");
  CHECK(PrintablePeerText("\xff\xc2\x9b") == "\\xff\\xc2\\x9b");
  const std::string shown = PrintablePeerText(std::string(500, 'x'));
  CHECK(shown == std::string(120, 'x') + "…");
}

TEST_CASE("text is quoted as Go's %q does", "[base]") {
  CHECK(GoQuote("a\"b\\\n\x01") == "\"a\\\"b\\\\\\n\\x01\"");
  CHECK(GoQuote("µ") == "\"µ\"");
}

TEST_CASE("splitting keeps empty items", "[base]") {
  CHECK(Split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(Split("", ',').size() == 1);
  CHECK(TrimSpace(" \ta b\n") == "a b");
}

TEST_CASE("errno texts are Go's", "[base]") {
  CHECK(SystemError("connect", 111).context == "connect: connection refused");
  CHECK(SystemError("connect", 101).code == ErrorCode::kUnreachable);
  CHECK(Within("dial tcp", SystemError("connect", 111)).context ==
        "dial tcp: connect: connection refused");
}
