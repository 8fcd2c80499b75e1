#include <future>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "derper/admission/tailscaled_method.h"
#include "tests/integration/derper/admission/scripted_http.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::admission;
using derp::test::HttpReply;
using derp::test::ScriptedHttp;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

NodePublic Key(char digit) { return *NodePublic::ParseUntyped(std::string(64, digit)); }

std::string Named(char digit) { return Key(digit).ToString(); }

struct Bench {
  Verdict Ask(char key, Duration limit = seconds(20)) {
    http::Fetcher fetcher;
    return method.Ask({.key = Key(key), .remote = {}},
                      {.fetcher = fetcher, .deadline = clock.Now() + limit, .stop = stop});
  }
  Expected<std::string, Error> SelfTest() {
    http::Fetcher fetcher;
    return method.SelfTest(
        {.fetcher = fetcher, .deadline = clock.Now() + seconds(20), .stop = stop});
  }

  test::TemporaryDirectory folder;
  const std::string path = folder / "tailscaled.sock";
  SystemClock clock;
  StopSignal stop;
  TailscaledMethod method{path, clock.Now(), clock};
};

// Knows key 1; its own node is 2, which it leaves out of what it looks up.
ScriptedHttp::Reply Knowing(const std::string& request) {
  if (request.starts_with("GET /localapi/v0/status?peers=false ")) {
    return {HttpReply(200, R"({"Self":{"PublicKey":")" + Named('2') + R"("}})")};
  }
  const bool known = request.find(std::string(64, '1')) != std::string::npos;
  return {known ? HttpReply(200, R"({"Node":{}})") : HttpReply(404, "no match for IP:port\n")};
}

ScriptedHttp::Script Always(std::string reply) {
  return [reply = std::move(reply)](const std::string&) { return ScriptedHttp::Reply{reply}; };
}

}  // namespace

TEST_CASE("tailscaled is asked as its own client asks it", "[admission]") {
  Bench bench;
  const ScriptedHttp server(bench.path, Knowing);
  const Verdict verdict = bench.Ask('1');
  CHECK(verdict.outcome == Outcome::kAdmit);
  CHECK(verdict.reason == Reason::kKnown);
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("GET /localapi/v0/whois?addr=nodekey%3A" + std::string(64, '1') +
                            " HTTP/1.1\r\n"));
  CHECK(request.find("\r\nHost: local-tailscaled.sock\r\n") != std::string::npos);
  CHECK(request.find("\r\nTailscale-Cap: 145\r\n") != std::string::npos);
  CHECK(request.find("\r\nOrigin:") == std::string::npos);
  CHECK(request.find("\r\nReferer:") == std::string::npos);
}

TEST_CASE("an unknown key is refused, tailscaled's own node is not", "[admission]") {
  Bench bench;
  const ScriptedHttp server(bench.path, Knowing);
  const Verdict stranger = bench.Ask('3');
  CHECK(stranger.reason == Reason::kNotFound);
  CHECK(stranger.text == "peer " + Named('3') + " not authorized (not found in local tailscaled)");
  CHECK(bench.Ask('4').reason == Reason::kNotFound);
  const Verdict own = bench.Ask('2');
  CHECK(own.outcome == Outcome::kAdmit);
  CHECK(own.reason == Reason::kOwnNode);
  CHECK(server.requests().size() == 4);  // its own key was asked for once
}

TEST_CASE("tailscaled's refusals are told apart", "[admission]") {
  Bench bench;
  const struct {
    std::string reply;
    Reason reason;
    std::string text;
  } rows[] = {
      {HttpReply(400, "invalid 'addr' parameter\n"), Reason::kTooOld,
       "tailscaled version is too old (out of sync with derper binary)"},
      {HttpReply(403, "not allowed\n"), Reason::kAccessDenied, ": Access denied: not allowed"},
      {HttpReply(500, "\x1b[2Joops\n"), Reason::kBadStatus,
       ": 500 Internal Server Error: \\x1b[2Joops"},
      {HttpReply(200, "[]"), Reason::kBadAnswer, ": the answer is no JSON object"},
      {HttpReply(200, "{"), Reason::kBadAnswer, ": the answer is no JSON object"},
      {HttpReply(200, "{" + std::string(5 << 20, ' ') + "}"), Reason::kUnreachable,
       ": more than 4194304 bytes of answer"},
      {"", Reason::kUnreachable, ": Empty reply from server"},
      {"SSH-2.0\r\n\r\n", Reason::kUnreachable, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reply.substr(0, 80));
    const ScriptedHttp server(bench.path, Always(row.reply));
    const Verdict verdict = bench.Ask('1');
    CHECK(verdict.outcome == Outcome::kRefuse);
    CHECK(verdict.reason == row.reason);
    CHECK_THAT(verdict.text, Catch::EndsWith(row.text));
    if (row.reason == Reason::kTooOld) continue;
    CHECK_THAT(verdict.text, Catch::StartsWith("failed to query local tailscaled status for " +
                                               Named('1') + ": "));
  }
}

TEST_CASE("a socket that is gone refuses, and one made again is found", "[admission]") {
  Bench bench;
  const Verdict gone = bench.Ask('1');
  CHECK(gone.reason == Reason::kUnreachable);
  CHECK_THAT(gone.text, Catch::EndsWith("connect: no such file or directory"));
  {
    const ScriptedHttp server(bench.path, Knowing);
    CHECK(bench.Ask('1').outcome == Outcome::kAdmit);
  }
  const Verdict dead = bench.Ask('1');  // the file is there, nobody listens
  CHECK(dead.reason == Reason::kUnreachable);
  CHECK_THAT(dead.text, Catch::EndsWith("connect: connection refused"));
  const ScriptedHttp again(bench.path, Knowing);
  CHECK(bench.Ask('1').outcome == Outcome::kAdmit);
}

TEST_CASE("a tailscaled that hangs refuses after the limit", "[admission]") {
  Bench bench;
  const ScriptedHttp server(bench.path,
                            [](const std::string&) { return ScriptedHttp::Reply{"", true}; });
  const TimePoint start = bench.clock.Now();
  const Verdict verdict = bench.Ask('1', milliseconds(150));
  CHECK(verdict.reason == Reason::kTimeout);
  CHECK(bench.clock.Now() - start >= milliseconds(150));
  CHECK(bench.clock.Now() - start < seconds(5));
}

TEST_CASE("shortly after the start a missing socket is waited for", "[admission]") {
  Bench bench;
  TailscaledMethod early(bench.path, bench.clock.Now() + seconds(20), bench.clock);
  http::Fetcher fetcher;
  const auto ask = [&] {
    return early.Ask(
        {.key = Key('1'), .remote = {}},
        {.fetcher = fetcher, .deadline = bench.clock.Now() + seconds(20), .stop = bench.stop});
  };
  auto answer = std::async(std::launch::async, ask);
  CHECK(answer.wait_for(milliseconds(50)) == std::future_status::timeout);
  {
    const ScriptedHttp server(bench.path, Knowing);
    CHECK(answer.get().outcome == Outcome::kAdmit);
  }
  answer = std::async(std::launch::async, ask);
  bench.stop.Set();
  CHECK(answer.get().reason == Reason::kUnreachable);
}

TEST_CASE("a self-test names what is wrong with tailscaled", "[admission]") {
  Bench bench;
  const auto missing = bench.SelfTest();
  REQUIRE_FALSE(missing.has_value());
  CHECK_THAT(missing.error().context, Catch::StartsWith("localClient.Status: Get "));
  CHECK_THAT(missing.error().context,
             Catch::EndsWith("no such file or directory; is tailscaled running, and does -socket "
                             "name its socket?"));
  {
    const ScriptedHttp server(bench.path, Knowing);
    CHECK(bench.SelfTest().value() == "it knows its own node " + Named('2'));
  }
  {
    const ScriptedHttp server(bench.path, Always(HttpReply(200, "{}")));
    CHECK(bench.SelfTest().error().context ==
          "localClient.Status: the answer has no Self.PublicKey");
  }
  {
    const ScriptedHttp server(
        bench.path, Always(HttpReply(200, R"({"Self":{"PublicKey":")" + Named('0') + R"("}})")));
    CHECK(bench.SelfTest().error().context ==
          "localClient.Status: tailscaled is not logged in, so it knows nobody");
  }
  const ScriptedHttp old(bench.path, [](const std::string& request) -> ScriptedHttp::Reply {
    if (request.find("/status?") != std::string::npos) return Knowing(request);
    return {HttpReply(400, "invalid 'addr' parameter")};
  });
  CHECK(bench.SelfTest().error().context ==
        "verifyClient for self nodekey: tailscaled version is too old (out of sync with derper "
        "binary); run a tailscaled as new as this program");
}
