#include "common/derp/relay_url.h"

#include <catch2/catch.hpp>

using namespace derp;

TEST_CASE("a relay's URL is taken apart and put together", "[derp][url]") {
  struct Row {
    std::string text, host;
    std::uint16_t port;
    std::string path, header;
    bool tls = true;
  };
  const Row row = GENERATE(values<Row>({
      {"https://derp.example.com/derp", "derp.example.com", 443, "/derp", "derp.example.com"},
      {"https://derp.example.com", "derp.example.com", 443, "/derp", "derp.example.com"},
      {"https://derp.example.com:8443/derp", "derp.example.com", 8443, "/derp",
       "derp.example.com:8443"},
      {"https://[2001:db8::1]/derp", "2001:db8::1", 443, "/derp", "[2001:db8::1]"},
      {"https://[2001:db8::1]:444/x", "2001:db8::1", 444, "/x", "[2001:db8::1]:444"},
      {"https://127.0.0.1:443/derp", "127.0.0.1", 443, "/derp", "127.0.0.1"},
      {"http://127.0.0.1:3340/derp", "127.0.0.1", 3340, "/derp", "127.0.0.1:3340", false},
      {"http://h/derp", "h", 80, "/derp", "h", false},
  }));
  CAPTURE(row.text);
  const auto url = RelayUrl::Parse(row.text);
  REQUIRE(url);
  CHECK(url->host == row.host);
  CHECK(url->port == row.port);
  CHECK(url->path == row.path);
  CHECK(url->tls == row.tls);
  CHECK(url->HostHeader() == row.header);
  CHECK(RelayUrl::Parse(url->ToString())->ToString() == url->ToString());
}

TEST_CASE("what is no relay's URL is refused", "[derp][url]") {
  const auto text = GENERATE(as<std::string>{}, "", "derp.example.com", "ftp://h/derp", "https://",
                             "https:///derp", "https://h:0/derp", "https://h:65536/derp",
                             "https://h:/derp", "https://user@h/derp", "https://h/derp?x=1",
                             "https://h/derp\r\nX: y", "https://h x/", "https://2001:db8::1/derp",
                             "https://[nonsense:]/derp", "https://[::1/derp");
  CAPTURE(text);
  CHECK_FALSE(RelayUrl::Parse(text));
}
