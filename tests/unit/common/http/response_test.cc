#include "common/http/response.h"

#include <catch2/catch.hpp>

#include "common/http/html.h"

namespace derp::http {
namespace {

// Sat, 21 Nov 2026 11:10:23 GMT
const WallTime kNow = FromUnixSeconds(1'795'259'423);

std::string Written(const Response& response, const ResponseForm& form = {}) {
  Bytes out;
  WriteResponse(response, form, kNow, out);
  return std::string(AsText(out));
}

TEST_CASE("an error reply has Go's form", "[http]") {
  CHECK(Written(ErrorReply(405, "bogus probe method"), {.keep_alive = false}) ==
        "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\nDate: Sat, 21 Nov 2026 11:10:23 GMT\r\n"
        "Content-Length: 19\r\nConnection: close\r\n\r\nbogus probe method\n");
  CHECK(NotFound().body == "404 page not found\n");
}

TEST_CASE("a HEAD reply has the headers and no body", "[http]") {
  const std::string text = Written(TextReply("hello"), {.head = true});
  CHECK(text.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n"));
  CHECK(Written(Response{}, {.head = true}).find("Content-Length") == std::string::npos);
  CHECK(Written(Response{}).find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("204 and 304 have neither body nor length", "[http]") {
  const auto status = GENERATE(204, 304);
  const std::string text = Written(Response{.status = status, .body = "never"});
  CHECK(text.find("Content-Length") == std::string::npos);
  CHECK(text.find("Content-Type") == std::string::npos);
  CHECK(text.ends_with("\r\n\r\n"));
}

TEST_CASE("keep-alive is said where the version does not imply it", "[http]") {
  CHECK(Written(Response{}).find("Connection") == std::string::npos);
  CHECK(Written(Response{}, {.minor_version = 0}).find("Connection: keep-alive\r\n") !=
        std::string::npos);
  const Response own{.headers = {{"Connection", "Upgrade"}}};
  CHECK(Written(own, {.keep_alive = false}).find("close") == std::string::npos);
}

TEST_CASE("a missing content type is guessed as Go does for text and HTML", "[http]") {
  CHECK(Written(Response{.body = "User-agent: *\n"}).find("text/plain; charset=utf-8") !=
        std::string::npos);
  CHECK(Written(Response{.body = "\n<H1>x</H1>"}).find("text/html; charset=utf-8") !=
        std::string::npos);
  CHECK(Written(Response{.body = "<h1x>"}).find("text/plain") != std::string::npos);
}

TEST_CASE("redirects carry Go's page for GET only", "[http]") {
  const Response get = Redirect("GET", 307, "/debug/");
  CHECK(get.body == "<a href=\"/debug/\">Temporary Redirect</a>.\n\n");
  CHECK(get.headers.Get("Location") == "/debug/");
  CHECK(get.headers.Get("Content-Type") == "text/html; charset=utf-8");
  CHECK(Redirect("HEAD", 302, "/x").body.empty());
  CHECK(Redirect("HEAD", 302, "/x").headers.Has("Content-Type"));
  CHECK_FALSE(Redirect("POST", 302, "/x").headers.Has("Content-Type"));
}

TEST_CASE("a redirect cannot end its header line or its attribute", "[http]") {
  const Response response = Redirect("GET", 301, "/a\r\nSet-Cookie: x\"><script>");
  CHECK(response.headers.Get("Location") == "/a%0D%0ASet-Cookie:%20x\"><script>");
  CHECK(response.body.find("<script>") == std::string::npos);
}

TEST_CASE("browser and debug headers differ in inline styles only", "[http]") {
  Headers page;
  AddBrowserHeaders(page);
  CHECK(page.size() == 4);
  CHECK(page.Get("X-Frame-Options") == "DENY");
  Headers debug;
  AddDebugHeaders(debug);
  CHECK(debug.Get("Content-Security-Policy") ==
        std::string(page.Get("Content-Security-Policy")) + "; style-src 'self' 'unsafe-inline'");
}

TEST_CASE("markup is escaped", "[http]") {
  CHECK(EscapeHtml("<a href=\"x\">&'") == "&lt;a href=&#34;x&#34;&gt;&amp;&#39;");
}

}  // namespace
}  // namespace derp::http
