#include "derper/web/site.h"

#include <catch2/catch.hpp>

#include "derper/web/pages.h"
#include "tests/unit/derper/web/site_fixture.h"

namespace derp::relay {
namespace {

using Fixture = SiteFixture;

TEST_CASE("the home page says what the machine does and how it is", "[derper][web]") {
  Fixture f;
  const http::Response page = f.Make()->Handle(Ask("/any/path"));
  CHECK(page.status == 200);
  CHECK(page.body.find("DERP") != std::string::npos);
  CHECK(page.body.find("disabled") == std::string::npos);
  CHECK(page.body.find("/debug/") == std::string::npos);
  CHECK(page.body.find("security@") == std::string::npos);
  f.settings.derp = false;
  const std::string off = f.Make()->Handle(Ask("/")).body;
  CHECK(off.find("Status: ") < off.find("disabled"));
}

TEST_CASE("who may debug finds the way from the home page", "[derper][web]") {
  Fixture f;
  CHECK(f.Make()->Handle(Ask("/", "GET", "127.0.0.1")).body.find("href=\"/debug/\"") !=
        std::string::npos);
}

TEST_CASE("the home page of a Tailscale relay names an address for abuse", "[derper][web]") {
  Fixture f;
  f.settings.hostname = "derp1b.tailscale.com";
  CHECK(f.Make()->Handle(Ask("/")).body.find("security@tailscale.com") != std::string::npos);
  for (const char* name :
       {"derp.tailscale.com", "derp02.tailscale.com.", "derpfoo.tailscale.com"}) {
    CHECK(IsTailscaleRelayName(name));
  }
  for (const char* name :
       {"derp02.bar.tailscale.com", "example.net", "derp.tailscale.com.net", ""}) {
    CHECK_FALSE(IsTailscaleRelayName(name));
  }
}

TEST_CASE("a host name with markup stays text", "[derper][web]") {
  CHECK(HomePage({.hostname = "<b>&\"", .version = "1"}).find("<dd>&lt;b&gt;&amp;") !=
        std::string::npos);
}

TEST_CASE("the home page may be blank or elsewhere", "[derper][web]") {
  Fixture f;
  f.settings.home = "blank";
  const http::Response blank = f.Make()->Handle(Ask("/"));
  CHECK(blank.status == 200);
  CHECK(blank.body.empty());
  CHECK(blank.headers.Get("Content-Type") == "text/html; charset=utf-8");
  f.settings.home = "https://example.net/x";
  const http::Response moved = f.Make()->Handle(Ask("/a/b", "POST"));
  CHECK(moved.status == 302);
  CHECK(moved.headers.Get("Location") == "https://example.net/x");
  f.settings.home = "foo";
  const auto site = MainSite::Make(f.settings, *http::DebugAccess::FromEnvironment({}), f.parts());
  CHECK(site.error().context == "unknown --home value \"foo\"");
}

TEST_CASE("pages link to their style sheet", "[derper][web]") {
  Fixture f;
  const auto site = f.Make();
  CHECK(site->Handle(Ask("/")).body.find(kStylePath) != std::string::npos);
  const http::Response style = site->Handle(Ask(kStylePath));
  CHECK(style.headers.Get("Content-Type") == "text/css; charset=utf-8");
  CHECK(style.body.find("--fail") != std::string::npos);
}

TEST_CASE("debug pages are closed to strangers on both listeners", "[derper][web]") {
  Fixture f;
  const auto site = f.Make();
  for (const char* path : {"/debug/", "/debug/varz", "/debug/nosuch", "/metrics"}) {
    CAPTURE(path);
    CHECK(site->Handle(Ask(path)).status == 403);
    CHECK(site->Handle(Ask(path)).body == "debug access denied\n");
    CHECK_FALSE(site->Handle(Ask(path)).headers.Has("X-Frame-Options"));
  }
  CHECK(site->HandlePlain(Ask("/debug/varz")).status == 403);
  CHECK(site->Handle(Ask("/debug/nosuch", "GET", "127.0.0.1")).status == 404);
}

TEST_CASE("developer mode tells strangers how to get in", "[derper][web]") {
  Fixture f;
  f.settings.dev = true;
  CHECK(f.Make()->Handle(Ask("/debug/varz")).body ==
        "debug access denied; to permit access, set TS_ALLOW_DEBUG_IP=192.0.2.9\n");
}

TEST_CASE("metrics come from the registry", "[derper][web]") {
  Fixture f;
  const auto site = f.Make();
  f.registry.Add((*site)->MetricsSource());
  site->Handle(Ask("/bootstrap-dns?q=a.example"));
  site->Handle(Ask("/bootstrap-dns?q=a.example"));
  site->Handle(Ask("/bootstrap-dns"));
  for (const char* path : {"/debug/varz", "/metrics"}) {
    const http::Response page = site->Handle(Ask(path, "GET", "::1"));
    CHECK(page.headers.Get("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(page.body.find("bootstrap_dns_requests 3\n") != std::string::npos);
    CHECK(page.body.find("bootstrap_dns_unpublished_misses 2\n") != std::string::npos);
    CHECK(page.body.find("bootstrap_dns_queried_domains 1\n") != std::string::npos);
  }
}

TEST_CASE("the debug index shows the facts of the process", "[derper][web]") {
  Fixture f;
  f.settings.has_mesh_key = true;
  const auto site = f.Make();
  f.clock.Advance(std::chrono::milliseconds(63500));
  const std::string page = site->Handle(Ask("/debug/", "GET", "100.100.100.100")).body;
  for (const char* fact :
       {"<h1>derper debug</h1>", "<dt>Uptime</dt><dd>1m3s</dd>", "<dt>Version</dt><dd>1.2.3</dd>",
        "<dt>Machine</dt>", "<dt>TLS hostname</dt><dd>derp.example.net</dd>",
        "<dt>Mesh key</dt><dd>true</dd>", "href=\"/debug/varz\""}) {
    CAPTURE(fact);
    CHECK(page.find(fact) != std::string::npos);
  }
}

TEST_CASE("challenges come back only when they are harmless", "[derper][web]") {
  Fixture f;
  const auto site = f.Make();
  const auto echo = [&site](const std::string& challenge) {
    http::Request request = Ask("/generate_204");
    request.head.headers.Add("X-Tailscale-Challenge", challenge);
    return std::string(site->Handle(request).headers.Get("X-Tailscale-Response"));
  };
  CHECK(echo("input") == "response input");
  CHECK(echo("ts_derp99b.tailscale.com") == "response ts_derp99b.tailscale.com");
  for (const std::string& bad : {std::string("a\0b", 3), std::string("a b"), std::string(65, 'a'),
                                 std::string("a/b"), std::string()}) {
    CHECK(echo(bad).empty());
  }
}

TEST_CASE("a relay that is off says so at /derp and keeps answering probes", "[derper][web]") {
  Fixture f;
  f.settings.derp = false;
  const auto site = f.Make();
  CHECK(site->Handle(Ask("/derp")).status == 404);
  CHECK(site->Handle(Ask("/derp")).body == "derp server disabled\n");
  CHECK(site->Handle(Ask("/derp/probe")).status == 200);
}

TEST_CASE("tunnels through the relay are refused", "[derper][web]") {
  Fixture f;
  http::Request request;
  request.head.method = "CONNECT";
  request.head.target = request.path = "login.tailscale.com:443";
  request.tls = true;
  CHECK(f.Make()->Handle(request).status == 403);
  CHECK(f.Make()->Handle(request).body == "CONNECT not enabled\n");
}

TEST_CASE("clear text carries no promise of TLS", "[derper][web]") {
  Fixture f;
  http::Request request = Ask("/");
  CHECK(f.Make()->Handle(request).headers.Has("Strict-Transport-Security"));
  request.tls = false;
  CHECK_FALSE(f.Make()->Handle(request).headers.Has("Strict-Transport-Security"));
}

TEST_CASE("the plain listener sends people to the TLS port", "[derper][web]") {
  Fixture f;
  f.settings.tls_port = 8443;
  const auto site = f.Make();
  const auto location = [&site](const std::string& target, const std::string& host) {
    http::Request request = Ask(target);
    request.tls = false;
    if (!host.empty()) request.head.headers.Add("Host", host);
    return std::string(site->HandlePlain(request).headers.Get("Location"));
  };
  CHECK(location("/a?b=c", "x.example") == "https://x.example:8443/a?b=c");
  CHECK(location("/", "x.example:80") == "https://x.example:8443/");
  CHECK(location("/", "[2001:db8::1]:80") == "https://[2001:db8::1]:8443/");
  CHECK(location("/", "[2001:db8::1]") == "https://[2001:db8::1]:8443/");
  CHECK(location("/", "") == "https://derp.example.net:8443/");
  CHECK(location("http://evil.example/a", "x.example") == "https://x.example:8443/a");
}

}  // namespace
}  // namespace derp::relay
