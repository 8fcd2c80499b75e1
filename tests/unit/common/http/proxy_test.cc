#include "common/http/proxy.h"

#include <catch2/catch.hpp>

using namespace derp::http;

namespace {

const std::map<std::string, std::string> kBoth = {
    {"http_proxy", "http://plain:3128"},
    {"HTTPS_PROXY", "http://ann:secret@tls:3128"},
    {"no_proxy", "example.net, .inner.test,10.0.0.0/8"}};

}  // namespace

TEST_CASE("the scheme chooses the proxy, and its password stays hidden", "[http][proxy]") {
  CHECK(ProxyFor("http://maps.test/derpmap", kBoth) == "http://plain:3128");
  CHECK(ProxyFor("https://maps.test/derpmap", kBoth) == "http://ann:xxxxx@tls:3128");
  CHECK(ProxyFor("file:///etc/derpmap.json", kBoth).empty());
  CHECK(ProxyFor("derpmap.json", kBoth).empty());
}

TEST_CASE("hosts of no_proxy and this machine are asked directly", "[http][proxy]") {
  for (const char* url :
       {"http://example.net/", "http://a.EXAMPLE.net:81/", "http://x.inner.test?q",
        "http://10.1.2.3/", "http://localhost:8030/", "http://127.0.0.1/", "http://[::1]:80/"}) {
    CAPTURE(url);
    CHECK(ProxyFor(url, kBoth).empty());
  }
  CHECK_FALSE(ProxyFor("http://badexample.net/", kBoth).empty());
  CHECK_FALSE(ProxyFor("http://11.0.0.1/", kBoth).empty());
  CHECK(ProxyFor("http://a.test/", {{"http_proxy", "p:1"}, {"NO_PROXY", "*"}}).empty());
}

TEST_CASE("all_proxy serves both schemes, HTTP_PROXY none", "[http][proxy]") {
  CHECK(ProxyFor("https://a.test/", {{"ALL_PROXY", "socks5://p:1"}}) == "socks5://p:1");
  CHECK(ProxyFor("http://a.test/", {{"all_proxy", "socks5://p:1"}}) == "socks5://p:1");
  CHECK(ProxyFor("http://a.test/", {{"HTTP_PROXY", "p:1"}}).empty());
  CHECK(ProxyFor("http://a.test/", {}).empty());
}
