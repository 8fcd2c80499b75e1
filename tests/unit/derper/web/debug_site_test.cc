// The pages under /debug/, asked without a relay behind them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/http/body_stream.h"
#include "derper/profiling/cpu_profiler.h"
#include "tests/unit/derper/web/site_fixture.h"

namespace derp::relay {
namespace {

http::Response Local(AskedSite& site, const std::string& target,
                     const std::string& method = "GET") {
  return site.Handle(Ask(target, method, "127.0.0.1"));
}

bool Has(const http::Response& response, std::string_view text) {
  return response.body.find(text) != std::string::npos;
}

TEST_CASE("profiles stay closed to the tailnet, other debug pages do not", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  for (const char* path :
       {"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/profile", "/debug/pprof/heap"}) {
    CAPTURE(path);
    CHECK(site->Handle(Ask(path, "GET", "100.100.100.100")).status == 403);
    CHECK(site->Handle(Ask(path)).status == 403);
  }
  for (const char* path : {"/debug/", "/debug/varz", "/debug/vars", "/debug/check", "/metrics"}) {
    CAPTURE(path);
    CHECK(site->Handle(Ask(path, "GET", "100.100.100.100")).status == 200);
  }
  const http::Response page = site->Handle(Ask("/debug/", "GET", "100.100.100.100"));
  CHECK(Has(page, "TS_DEBUG_TRUSTED_CIDRS"));
  CHECK_FALSE(Has(Local(*site, "/debug/"), "TS_DEBUG_TRUSTED_CIDRS"));
}

TEST_CASE("every page of the index is there", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  const std::string index = Local(*site, "/debug/").body;
  std::size_t links = 0;
  for (std::size_t at = index.find("href=\"/debug/"); at != std::string::npos;
       at = index.find("href=\"/debug/", at + 1)) {
    const std::size_t start = at + 6;
    const std::string path = index.substr(start, index.find('"', start) - start);
    CAPTURE(path);
    CHECK(Local(*site, path).status == 200);
    ++links;
  }
  CHECK(links >= 5);
}

TEST_CASE("a part may add a page with a rule of its own", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  (*site)->debug().Add(
      {.path = "extra",
       .title = "something <more>",
       .need = http::DebugNeed::kPrivate,
       .handler = http::Answering([](const http::Request&) { return http::TextReply("extra"); })});
  const http::Response page = Local(*site, "/debug/extra");
  CHECK(page.body == "extra");
  CHECK(page.headers.Get("Content-Security-Policy").ends_with("style-src 'self' 'unsafe-inline'"));
  CHECK(Has(Local(*site, "/debug/"), "something &lt;more&gt;"));
  CHECK(site->Handle(Ask("/debug/extra", "GET", "100.100.100.100")).status == 403);
}

TEST_CASE("the consistency check is good when all parts are, whenever they answer",
          "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  CHECK(Local(*site, "/debug/check").body == "derp.Server ConsistencyCheck okay");
  std::function<void(std::vector<std::string>)> late;
  (*site)->debug().AddCheck([&](auto done) { late = std::move(done); });
  (*site)->debug().AddCheck([](auto done) { done({}); });
  http::Response answer{.status = 0};
  (*site)->Handle(Ask("/debug/check", "GET", "::1"),
                  http::Responder([&](http::Response response) { answer = std::move(response); }));
  CHECK(answer.status == 0);
  late({});
  CHECK(answer.status == 200);
  CHECK(answer.body == "derp.Server ConsistencyCheck okay");
}

TEST_CASE("the consistency check says what is wrong", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  (*site)->debug().AddCheck([](auto done) { done({"one", "two"}); });
  (*site)->debug().AddCheck([](auto done) { done({}); });
  (*site)->debug().AddCheck([](auto done) { done({"three"}); });
  const http::Response answer = Local(*site, "/debug/check");
  CHECK(answer.status == 500);
  CHECK(answer.body == "one, two, three\n");
}

TEST_CASE("the mutex page keeps the guard of the Go program", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  const std::string path = "/debug/set-mutex-profile-fraction";
  CHECK(Local(*site, path).status == 400);
  CHECK(Has(Local(*site, path + "?rate=5"), "To set, use: curl -HSec-Debug:derp"));
  const auto guarded = [&](const std::string& rate) {
    http::Request request = Ask(path + "?rate=" + rate, "GET", "127.0.0.1");
    request.head.headers.Add("Sec-Debug", "derp");
    return site->Handle(request);
  };
  CHECK(guarded("x").status == 400);
  CHECK(guarded("x").body == "bad rate value\n");
  CHECK(guarded("5").status == 501);
}

TEST_CASE("collecting says that it began and that it is done", "[derper][debug]") {
  SiteFixture f;
  const http::Response answer = Local(*f.Make(), "/debug/gc");
  CHECK(answer.headers.Get("Content-Type") == "text/plain; charset=utf-8");
  REQUIRE(answer.stream);
  std::string text;
  const TimePoint deadline = SystemClock().Now() + std::chrono::seconds(20);
  for (bool last = false; !last && SystemClock().Now() < deadline;) {
    const auto piece = answer.stream->Take();
    text += piece.text;
    last = piece.last;
  }
  CHECK(text == "running GC...\nDone.\n");
}

TEST_CASE("the command line is given as Go does", "[derper][debug]") {
  SiteFixture f;
  f.settings.arguments = {"derper", "-a", ":443"};
  const http::Response answer = Local(*f.Make(), "/debug/pprof/cmdline");
  CHECK(answer.body == std::string("derper\0-a\0:443", 14));
}

TEST_CASE("kinds of profiles that only Go has are refused in a line", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  for (const char* kind :
       {"goroutine", "allocs", "block", "mutex", "threadcreate", "trace", "symbol"}) {
    CAPTURE(kind);
    const http::Response answer = Local(*site, std::string("/debug/pprof/") + kind + "?debug=1");
    CHECK(answer.status == 501);
    CHECK(std::count(answer.body.begin(), answer.body.end(), '\n') == 1);
  }
  CHECK(Local(*site, "/debug/pprof/nosuch").status == 404);
  CHECK(Local(*site, "/debug/pprof/nosuch").body == "Unknown profile\n");
}

TEST_CASE("one CPU profile is taken at a time, for five minutes at most", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  if (!CpuProfiler::available()) {
    CHECK(Local(*site, "/debug/pprof/profile").status == 501);
    return;
  }
  CHECK(Local(*site, "/debug/pprof/profile?seconds=301").status == 400);
  http::Response first{.status = 0};
  (*site)->Handle(Ask("/debug/pprof/profile?seconds=1", "GET", "::1"),
                  http::Responder([&](http::Response response) {
                    first = std::move(response);
                    f.loop.Stop();
                  }));
  CHECK(first.status == 0);
  CHECK(Local(*site, "/debug/pprof/profile?seconds=1").status == 500);
  f.loop.Run();
  CHECK(first.status == 200);
  CHECK(first.headers.Get("Content-Type") == "application/octet-stream");
  // gperftools: words of the machine; a header of 0, 3, 0.
  REQUIRE(first.body.size() > 24);
  CHECK(first.body.substr(0, 16) == std::string("\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16));
}

TEST_CASE("with a listener of their own the debug pages leave the others", "[derper][debug]") {
  SiteFixture f;
  f.settings.debug_elsewhere = true;
  const auto site = f.Make();
  for (const char* path : {"/debug/", "/debug/varz", "/metrics", "/debug/pprof/cmdline"}) {
    CAPTURE(path);
    CHECK(Local(*site, path).status == 404);
    CHECK(site->HandleDebugOnly(Ask(path, "GET", "127.0.0.1")).status == 200);
    CHECK(site->HandleDebugOnly(Ask(path)).status == 403);
  }
  CHECK_FALSE(Has(Local(*site, "/"), "/debug/"));
  CHECK(site->HandlePlain(Ask("/", "GET", "127.0.0.1")).headers.Get("Location") ==
        "https://derp.example.net/");
  CHECK(site->HandleDebugOnly(Ask("/")).headers.Get("Location") == "/debug/");
  CHECK(site->HandleDebugOnly(Ask("/style.css")).status == 200);
  CHECK(site->HandleDebugOnly(Ask("/derp/probe")).status == 404);
}

TEST_CASE("visitors who all seem to be this machine are warned of once", "[derper][debug]") {
  SiteFixture f;
  const auto site = f.Make();
  const auto visit = [&](const std::string& host, bool proxied = false) {
    http::Request request = Ask("/", "GET", "127.0.0.1");
    request.head.headers.Add("Host", host);
    request.proxied = proxied;
    site->Handle(request);
  };
  for (const char* local : {"localhost", "localhost:3340", "127.0.0.1:443", "[::1]:443", ""})
    visit(local);
  visit("derp.example.net", /*proxied=*/true);
  CHECK(f.lines.empty());
  visit("derp.example.net");
  visit("derp.example.net");
  REQUIRE(f.lines.size() == 1);
  CHECK(f.lines[0].find("derp.example.net") != std::string::npos);
  CHECK(f.lines[0].find("-debug-addr") != std::string::npos);
}

TEST_CASE("the index shows clients, mesh links and how long certificates last", "[derper][debug]") {
  SiteFixture f;
  const double in_three_days = static_cast<double>(UnixSeconds(f.clock.WallNow())) + 3.5 * 86400;
  f.registry.Add([&](std::vector<metrics::Family>& out) {
    using metrics::Kind;
    out.push_back({"derp_clients_local", Kind::kGauge, "", {{{}, 12345, {}}}});
    out.push_back({"derper_mesh_link_up",
                   Kind::kGauge,
                   "",
                   {{{{"host", "b.example"}}, 1, {}}, {{{"host", "c.example"}}, 0, {}}}});
    out.push_back({"derper_certificate_not_after_seconds",
                   Kind::kGauge,
                   "",
                   {{{{"hostname", "derp.example.net"}}, in_three_days, {}}}});
  });
  const std::string page = Local(*f.Make(), "/debug/").body;
  for (const char* fact : {"12,345 keys", "b.example", "✓ up", "✕ down", "! 3 days left",
                           "! the certificate for derp.example.net ends in 3 days"}) {
    CAPTURE(fact);
    CHECK(page.find(fact) != std::string::npos);
  }
}

}  // namespace
}  // namespace derp::relay
