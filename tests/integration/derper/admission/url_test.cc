#include <catch2/catch.hpp>

#include "derper/admission/url_method.h"
#include "tests/integration/derper/admission/scripted_http.h"

using namespace derp;
using namespace derp::admission;
using derp::test::HttpReply;
using derp::test::ScriptedHttp;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

NodePublic Key(char digit) { return *NodePublic::ParseUntyped(std::string(64, digit)); }

Verdict Ask(const std::string& url, bool fail_open = true, Duration limit = seconds(20)) {
  UrlMethod method(url, fail_open, Key('f'));
  http::Fetcher fetcher;
  StopSignal stop;
  return method.Ask({.key = Key('1'), .remote = *SocketAddress::Parse("192.0.2.7:4444")},
                    {.fetcher = fetcher, .deadline = SystemClock().Now() + limit, .stop = stop});
}

ScriptedHttp::Script Always(std::string reply, bool hang = false) {
  return [reply = std::move(reply), hang](const std::string&) {
    return ScriptedHttp::Reply{reply, hang};
  };
}

}  // namespace

TEST_CASE("the controller is asked by POST, with key and address", "[admission]") {
  const ScriptedHttp server(Always(HttpReply(200, R"({"Allow":true})")));
  const Verdict verdict = Ask(server.Url("/verify?t=token"));
  CHECK(verdict.outcome == Outcome::kAdmit);
  CHECK(verdict.reason == Reason::kAllowed);
  const std::string request = server.requests().at(0);
  CHECK_THAT(request, Catch::StartsWith("POST /verify?t=token HTTP/1.1\r\n"));
  CHECK_THAT(request, Catch::Contains("\r\nContent-Type: application/json\r\n"));
  CHECK_THAT(request, Catch::EndsWith("\r\n\r\n{\"NodePublic\":\"nodekey:" + std::string(64, '1') +
                                      "\",\"Source\":\"192.0.2.7\"}"));
}

TEST_CASE("a password in the URL reaches the controller and no text", "[admission]") {
  {
    const ScriptedHttp server(Always(HttpReply(200, R"({"Allow":true})")));
    std::string url = server.Url();
    url.insert(url.find("127"), "user:secret@");
    CHECK(Ask(url).outcome == Outcome::kAdmit);
    CHECK_THAT(server.requests().at(0),
               Catch::Contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
  }
  const Verdict verdict = Ask("http://user:secret@127.0.0.1:1/verify?t=hidden");
  CHECK_THAT(verdict.text, Catch::Contains("http://user:xxxxx@127.0.0.1:1/verify?xxxxx"));
  CHECK_THAT(verdict.text, !Catch::Contains("secret") && !Catch::Contains("hidden"));
}

TEST_CASE("whatever the controller answers but Allow refuses, also when failing open",
          "[admission]") {
  const struct {
    std::string reply;
    Reason reason;
    std::string text;
  } rows[] = {
      {HttpReply(200, R"({"Allow":false})"), Reason::kDenied,
       "admission controller: nodekey:" + std::string(64, '1') + "/192.0.2.7 not allowed"},
      {HttpReply(200, "{}"), Reason::kDenied, ""},
      {HttpReply(500, R"({"Allow":true})"), Reason::kBadStatus,
       "admission controller: 500 Internal Server Error"},
      {HttpReply(204, ""), Reason::kBadStatus, "admission controller: 204 No Content"},
      {HttpReply(200, "yes"), Reason::kBadAnswer, "admission controller: the answer is no JSON"},
      {HttpReply(200, ""), Reason::kBadAnswer, ""},
      {HttpReply(200, R"({"Allow":"true"})"), Reason::kBadAnswer,
       "admission controller: the answer has no boolean \"Allow\""},
      {HttpReply(200, R"({"x":")" + std::string(5000, 'x') + R"(","Allow":true})"),
       Reason::kBadAnswer, "admission controller: the answer is no JSON"},
      // Ends within the body.
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Allow\":true", Reason::kBadAnswer, ""},
      {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Reason::kBadStatus,
       "admission controller: 302 Found"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reply.substr(0, 80));
    const ScriptedHttp server(Always(row.reply));
    const Verdict verdict = Ask(server.Url());
    CHECK(verdict.outcome == Outcome::kRefuse);
    CHECK(verdict.reason == row.reason);
    if (!row.text.empty()) CHECK(verdict.text == row.text);
  }
}

TEST_CASE("what follows 4 KiB of a reply does not matter", "[admission]") {
  const ScriptedHttp server(
      Always(HttpReply(200, R"({"Allow":true})" + std::string(1 << 20, 'x'))));
  CHECK(Ask(server.Url()).outcome == Outcome::kAdmit);
}

TEST_CASE("failing open covers no response at all, and nothing else", "[admission]") {
  for (const bool fail_open : {true, false}) {
    CAPTURE(fail_open);
    const Outcome expected = fail_open ? Outcome::kAbstain : Outcome::kRefuse;
    const Verdict refused = Ask("http://127.0.0.1:1/verify", fail_open);
    CHECK(refused.outcome == expected);
    CHECK(refused.reason == Reason::kUnreachable);
    CHECK_THAT(refused.text, Catch::Contains("connect: connection refused"));
    for (const char* reply : {"", "HTTP/1.1 200 OK\r\nContent-Le"}) {
      const ScriptedHttp server(Always(reply));
      CHECK(Ask(server.Url(), fail_open).outcome == expected);
    }
    {
      const ScriptedHttp hanging(Always("", true));
      const Verdict late = Ask(hanging.Url(), fail_open, milliseconds(150));
      CHECK(late.outcome == expected);
      CHECK(late.reason == Reason::kTimeout);
    }
    {
      const ScriptedHttp within_body(
          Always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Allow\":", true));
      const Verdict late = Ask(within_body.Url(), fail_open, milliseconds(150));
      CHECK(late.outcome == Outcome::kRefuse);
      CHECK(late.reason == Reason::kTimeout);
    }
  }
}

TEST_CASE("redirects are followed as Go's client follows them", "[admission]") {
  const ScriptedHttp target(Always(HttpReply(200, R"({"Allow":true})")));
  for (const int status : {301, 302, 303, 307, 308}) {
    CAPTURE(status);
    const ScriptedHttp server(
        Always(HttpReply(status, "", "Location: " + target.Url("/moved") + "\r\n")));
    CHECK(Ask(server.Url()).outcome == Outcome::kAdmit);
    const std::string request = target.requests().back();
    CHECK_THAT(request, Catch::StartsWith(status >= 307 ? "POST /moved " : "GET /moved "));
    CHECK((request.find("NodePublic") != std::string::npos) == (status >= 307));
  }
  // Redirects without end, and one to nowhere, gave no response.
  const ScriptedHttp round(Always(HttpReply(307, "", "Location: /verify\r\n")));
  CHECK(Ask(round.Url()).outcome == Outcome::kAbstain);
  CHECK(round.requests().size() == 11);
  const ScriptedHttp nowhere(Always(HttpReply(307, "", "Location: http://127.0.0.1:1/verify\r\n")));
  CHECK(Ask(nowhere.Url()).outcome == Outcome::kAbstain);
}

TEST_CASE("a self-test asks the controller about the relay itself", "[admission]") {
  const auto test = [](const std::string& url) {
    UrlMethod method(url, true, Key('f'));
    http::Fetcher fetcher;
    StopSignal stop;
    return method.SelfTest(
        {.fetcher = fetcher, .deadline = SystemClock().Now() + seconds(20), .stop = stop});
  };
  {
    const ScriptedHttp server(Always(HttpReply(200, R"({"Allow":false})")));
    CHECK(test(server.Url()).value() == "it answers");
    CHECK_THAT(server.requests().at(0), Catch::Contains("nodekey:" + std::string(64, 'f')));
  }
  {
    const ScriptedHttp server(Always(HttpReply(404, "not found")));
    CHECK(test(server.Url()).error().context ==
          "it answers 404 Not Found; does the path of the URL fit?");
  }
  CHECK_THAT(test("http://127.0.0.1:1/verify").error().context,
             Catch::EndsWith("connect: connection refused"));
}
