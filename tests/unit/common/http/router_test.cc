#include "common/http/router.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

Response Ask(const Router& router, std::string method, std::string target) {
  Request request{.head = {.method = std::move(method), .target = target}};
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  Response answer;
  router.Dispatch(std::move(request),
                  Responder([&](Response response) { answer = std::move(response); }));
  return answer;
}

Router Sample() {
  Router router;
  for (const std::string pattern : {"/", "/derp", "/debug/", "/debug/varz"}) {
    router.Handle(pattern, Answering([pattern](const Request&) { return TextReply(pattern); }));
  }
  return router;
}

TEST_CASE("the longest pattern wins, and a slash at the end serves what is below", "[http]") {
  const Router router = Sample();
  CHECK(Ask(router, "GET", "/").body == "/");
  CHECK(Ask(router, "POST", "/nosuch").body == "/");
  CHECK(Ask(router, "GET", "/derp").body == "/derp");
  CHECK(Ask(router, "GET", "/derp/other").body == "/");
  CHECK(Ask(router, "GET", "/debug/varz?x=1").body == "/debug/varz");
  CHECK(Ask(router, "GET", "/debug/nosuch").body == "/debug/");
}

TEST_CASE("unclean paths are redirected with their query", "[http]") {
  const Router router = Sample();
  const auto [target, location] = GENERATE(table<std::string, std::string>(
      {{"//derp?a=b", "/derp?a=b"}, {"/x/../derp", "/derp"}, {"/./", "/"}}));
  const Response response = Ask(router, "GET", target);
  CHECK(response.status == 301);
  CHECK(response.headers.Get("Location") == location);
}

TEST_CASE("a subtree without its slash is redirected", "[http]") {
  const Response response = Ask(Sample(), "GET", "/debug?q=1");
  CHECK(response.status == 307);
  CHECK(response.headers.Get("Location") == "/debug/?q=1");
}

TEST_CASE("nothing that fits is 404", "[http]") {
  Router router;
  router.Handle("/a", Answering([](const Request&) { return TextReply("a"); }));
  CHECK(Ask(router, "GET", "/b").status == 404);
  CHECK(Ask(router, "CONNECT", "a:443").status == 404);
}

TEST_CASE("a request whose responder is dropped is answered", "[http]") {
  Router router;
  router.Handle("/", [](const Request&, const Responder&) {});
  CHECK(Ask(router, "GET", "/").status == 500);
}

}  // namespace
}  // namespace derp::http
