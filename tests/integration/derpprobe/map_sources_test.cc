#include "derpprobe/maps/map_sources.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "common/base/mutex.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_server.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::probe;

namespace {

std::string MapText(int region, std::string_view host = "a.example.net") {
  return fmt::format(
      R"({{"Regions":{{"{0}":{{"RegionID":{0},"RegionCode":"r{0}","Nodes":[{{"Name":"{0}a","RegionID":{0},"HostName":"{1}","IPv4":"192.0.2.1","IPv6":"none"}}]}}}}}})",
      region, host);
}

// A server whose answer the test changes; it counts what it was asked on which condition.
struct MapServer {
  MapServer()
      : server(http::Answering([this](const http::Request& request) {
          const MutexLock lock(mutex);
          ++requests;
          condition = request.head.headers.Get("If-None-Match");
          since = request.head.headers.Get("If-Modified-Since");
          return request.path == "/map" ? answer : http::NotFound();
        })) {}

  void Set(http::Response response) {
    const MutexLock lock(mutex);
    answer = std::move(response);
  }
  void SetText(std::string text) { Set(http::TextReply(std::move(text))); }
  std::string Url() const { return server.Url("/map"); }

  Mutex mutex;
  http::Response answer = http::TextReply(MapText(900));
  int requests = 0;
  std::string condition;
  std::string since;
  test::HttpServer server;
};

struct Fixture {
  test::FakeClock clock;
  test::TemporaryDirectory directory;
  std::unique_ptr<MapSources> sources;

  void Use(std::vector<std::string> names, RegionFilter filter = {}) {
    sources = std::make_unique<MapSources>(
        MapSourcesOptions{.sources = std::move(names),
                          .filter = std::move(filter),
                          .interval = std::chrono::seconds(15),
                          .tailscaled_socket = directory / "tailscaled.sock"},
        clock);
  }
  MapRefresh Refresh(Duration within = std::chrono::seconds(20)) const {
    return sources->Refresh(SystemClock().Now() + within);
  }
  std::string File(const std::string& name, std::string_view text) const {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
};

std::vector<std::string> Codes(const MapRefresh& refresh) {
  std::vector<std::string> codes;
  for (const auto& note : refresh.notes) codes.push_back(note.code);
  return codes;
}

bool Holds(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the second question is conditional, and 304 keeps the map", "[derpprobe][maps]") {
  MapServer server;
  http::Response first = http::TextReply(MapText(900));
  first.headers.Set("ETag", "\"v1\"");
  first.headers.Set("Last-Modified", "Sat, 21 Nov 2026 11:10:23 GMT");
  server.Set(first);
  Fixture f;
  f.Use({server.Url()});
  const MapRefresh one = f.Refresh();
  REQUIRE(one.map);
  CHECK(one.failure.empty());
  CHECK(server.condition.empty());
  server.Set(http::Response{.status = 304});
  f.clock.Advance(std::chrono::minutes(20));
  const MapRefresh two = f.Refresh();
  CHECK(server.condition == "\"v1\"");
  CHECK(server.since == "Sat, 21 Nov 2026 11:10:23 GMT");
  CHECK(two.map == one.map);
  CHECK(two.failure.empty());
  CHECK(two.notes.empty());
  CHECK(two.good_since == f.clock.Now());
  CHECK(two.sources.front().fetched == f.clock.WallNow());
}

TEST_CASE("the same text without a validator is no change, another one is", "[derpprobe][maps]") {
  MapServer server;
  Fixture f;
  f.Use({server.Url()});
  const MapRefresh one = f.Refresh();
  CHECK(f.Refresh().map == one.map);
  server.SetText(MapText(901));
  const MapRefresh two = f.Refresh();
  CHECK(two.map != one.map);
  CHECK(two.map->merged.document.map.regions.contains(901));
  CHECK(one.map->merged.document.map.regions.contains(900));  // whoever holds it goes on using it
}

TEST_CASE("a failure is excused for ten minutes, then it is a finding", "[derpprobe][maps]") {
  MapServer server;
  Fixture f;
  f.Use({server.Url()});
  REQUIRE(f.Refresh().map);
  server.Set(http::ErrorReply(503, "later"));
  f.clock.Advance(std::chrono::seconds(30));
  const MapRefresh young = f.Refresh();
  CHECK(young.map);
  CHECK(young.fatal.empty());
  CHECK(young.failure == "map " + server.Url() + ": HTTP status 503");
  CHECK(young.notes.empty());
  f.clock.Advance(std::chrono::minutes(2));
  CHECK(Codes(f.Refresh()) == Texts{"map.stale"});
  f.clock.Advance(std::chrono::minutes(8));
  const MapRefresh old = f.Refresh();
  CHECK(old.map);
  CHECK(old.fatal == old.failure);
  CHECK(Codes(old) == Texts{"map.unreadable", "map.stale"});
  CHECK(Holds(old.notes.front().fact, "HTTP status 503"));
  server.SetText(MapText(900));
  CHECK(f.Refresh().notes.empty());
}

TEST_CASE("every kind of failure has the same grace", "[derpprobe][maps]") {
  MapServer server;
  http::Response redirect = http::ErrorReply(302, "");
  redirect.headers.Set("Location", "file:///etc/hostname");
  http::Response huge = http::TextReply(std::string(17 << 20, ' '));
  const std::pair<http::Response, std::string_view> kinds[] = {
      {http::ErrorReply(404, "gone"), "HTTP status 404"},
      {http::Response{.status = 304}, "HTTP status 304"},  // nobody asked on a condition
      {http::TextReply("{\"Regions\":\n {\"900\": 7}}"), "line 2, column 10: Regions.900"},
      {http::TextReply("<html>sign in</html>"), "HTML or XML"},
      {redirect, "file"},
      {huge, "more than 16777216 bytes"}};
  for (const auto& [answer, words] : kinds) {
    server.SetText(MapText(900));
    Fixture f;
    f.Use({server.Url()});
    REQUIRE(f.Refresh().map);
    server.Set(answer);
    const MapRefresh refresh = f.Refresh();
    CAPTURE(refresh.failure, words);
    CHECK(Holds(refresh.failure, words));
    CHECK(Holds(refresh.failure, server.Url()));
    CHECK(refresh.fatal.empty());
    CHECK(refresh.map);
  }
}

TEST_CASE("tailscaled that is away has the grace of the others", "[derpprobe][maps]") {
  Fixture f;
  f.Use({"local", f.File("own.json", MapText(900))});
  const MapRefresh refresh = f.Refresh();
  REQUIRE(refresh.map);
  CHECK(Holds(refresh.failure, "map local: "));
  CHECK(Codes(refresh) == Texts{"map.unreadable"});  // it never answered: nothing to excuse
}

TEST_CASE("one source that fails keeps its document while the others go on", "[derpprobe][maps]") {
  MapServer server;
  Fixture f;
  const std::string own = f.File("own.json", MapText(901));
  f.Use({server.Url(), own});
  CHECK(f.Refresh().map->merged.document.map.NodeCount() == 2);
  server.Set(http::ErrorReply(500, "broken"));
  f.File("own.json", MapText(902));
  f.clock.Advance(std::chrono::seconds(15));
  const MapRefresh refresh = f.Refresh();
  const auto& regions = refresh.map->merged.document.map.regions;
  CHECK(regions.contains(900));
  CHECK(regions.contains(902));
  CHECK_FALSE(regions.contains(901));
  CHECK_FALSE(refresh.sources[0].failure.empty());
  CHECK(refresh.sources[1].failure.empty());
  CHECK(refresh.good_since == f.clock.Now() - std::chrono::seconds(15));
}

TEST_CASE("a later source replaces a region, and it is said", "[derpprobe][maps]") {
  Fixture f;
  f.Use({f.File("a.json", MapText(900, "a.example.net")),
         f.File("b.json", MapText(900, "b.example.net"))});
  const MapRefresh refresh = f.Refresh();
  REQUIRE(refresh.map);
  CHECK(refresh.map->merged.document.map.regions.at(900).nodes.front().host_name ==
        "b.example.net");
  CHECK(refresh.map->merged.source_of.at(900) == 1);
  REQUIRE_FALSE(refresh.map->notes.empty());
  CHECK(std::any_of(refresh.map->notes.begin(), refresh.map->notes.end(),
                    [](const auto& note) { return note.code == "map.region_replaced"; }));
}

TEST_CASE("a slow source ends with the deadline and holds up no other", "[derpprobe][maps]") {
  Mutex mutex;
  std::vector<http::Responder> held;  // they never answer
  const test::HttpServer silent([&](const http::Request&, http::Responder responder) {
    const MutexLock lock(mutex);
    held.push_back(std::move(responder));
  });
  Fixture f;
  f.Use({silent.Url("/a"), silent.Url("/b"), f.File("own.json", MapText(900))});
  const MapRefresh refresh = f.Refresh(std::chrono::milliseconds(300));
  CHECK(refresh.map->merged.document.map.NodeCount() == 1);
  CHECK(Holds(refresh.sources[0].failure, "context deadline exceeded"));
  CHECK(Holds(refresh.sources[1].failure, "context deadline exceeded"));
  const MutexLock lock(mutex);
  held.clear();
}

TEST_CASE("a filter that fits no more keeps the map before", "[derpprobe][maps]") {
  Fixture f;
  const std::string own = f.File("own.json", MapText(900));
  f.Use({own}, {.only = {"r900"}, .excluded = {}});
  REQUIRE(f.Refresh().map);
  f.File("own.json", MapText(901));
  for (int i = 0; i < 2; ++i) {  // also when the text is no news any more
    const MapRefresh refresh = f.Refresh();
    CHECK(refresh.map->merged.document.map.regions.contains(900));
    CHECK(refresh.failure == "-region-code r900: no such region in the map");
    CHECK(refresh.fatal.empty());
  }
  f.clock.Advance(std::chrono::minutes(11));
  CHECK(Codes(f.Refresh()) == Texts{"map.empty"});
  f.File("own.json", MapText(900, "b.example.net"));
  CHECK(f.Refresh().failure.empty());
}

TEST_CASE("without any document there is no map and no excuse", "[derpprobe][maps]") {
  Fixture f;
  f.Use({f.directory / "missing.json"});
  const MapRefresh refresh = f.Refresh();
  CHECK_FALSE(refresh.map);
  CHECK_FALSE(refresh.good_since);
  CHECK(Holds(refresh.fatal, "no such file or directory"));
  CHECK(Codes(refresh) == Texts{"map.unreadable"});
}

TEST_CASE("sources are shown without their secrets", "[derpprobe][maps]") {
  Fixture f;
  f.Use({"http://user:pass@127.0.0.1:1/map?token=t1"});
  const MapRefresh refresh = f.Refresh();
  CHECK(refresh.Shown() == "http://127.0.0.1:1/map");
  CHECK_FALSE(Holds(refresh.failure, "pass"));
}
