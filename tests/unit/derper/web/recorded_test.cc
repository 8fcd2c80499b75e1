// Requests recorded against the Go program, asked of our pages. Named differences: no HSTS on clear
// text, varz with the version of its format and a length, /metrics, an empty bootstrap answer that
// is an object. What streams is asked of the running program (tests/e2e/derper/recorded_test.py).
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "common/http/url.h"
#include "tests/support/vectors.h"
#include "tests/unit/derper/web/site_fixture.h"

namespace derp::relay {
namespace {

using nlohmann::json;

http::Request MakeRequest(const json& row) {
  http::Request request;
  request.head.method = row["method"];
  request.head.target = row["path"];
  const auto target = http::ParseTarget(request.head.target);
  REQUIRE(target.has_value());
  request.path = target->path;
  request.query = target->query;
  request.head.headers.Add("Host", "derp1.test");
  for (const auto& [name, value] : row["request_headers"].items()) {
    request.head.headers.Add(name, value.get<std::string>());
  }
  request.remote.ip = IpAddress::V4({127, 0, 0, 1});
  request.tls = row["listener"] == "https";
  return request;
}

// /derp itself is the relay's; the other two stream.
bool IsOurs(const json& row) {
  const std::string path = row["path"];
  if (row["listener"] == "https" && (path == "/derp" || path == "/metrics")) return false;
  const std::set<std::string> later = {"/debug/traffic", "/debug/gc"};
  return !later.contains(path);
}

// An object without members where the Go program sends nothing.
bool IsBootstrap(const json& row) {
  return row["listener"] == "https" && row["path"].get<std::string>().starts_with("/bootstrap-dns");
}

std::set<std::string> Expected(const json& row) {
  std::set<std::string> lines;
  for (const std::string line : row["headers"]) {
    if (row["listener"] == "http" && line.starts_with("Strict-Transport-Security")) continue;
    if (line.starts_with("Transfer-Encoding")) continue;
    lines.insert(line);
  }
  if (IsBootstrap(row)) {
    lines.erase("Content-Length: 0");
    lines.insert("Content-Length: 2");
  }
  if (row["path"] == "/debug/varz") {
    lines.erase("Content-Type: text/plain; charset=utf-8");
    lines.insert("Content-Type: text/plain; version=0.0.4; charset=utf-8");
  }
  return lines;
}

struct Written {
  std::string status;
  std::set<std::string> headers;
  std::string body;
};

Written Write(const http::Response& response, const json& row) {
  // The recorder asked for the end of the connection, except where it sent an Upgrade.
  const http::ResponseForm form{.head = row["method"] == "HEAD",
                                .keep_alive = row["request_headers"].contains("Connection")};
  Bytes bytes;
  http::WriteResponse(response, form, WallTime{}, bytes);
  std::string_view text = AsText(bytes);
  Written out;
  const std::size_t end = text.find("\r\n\r\n");
  out.body = text.substr(end + 4);
  text = text.substr(0, end);
  out.status = text.substr(0, text.find("\r\n"));
  for (std::size_t at = text.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t next = text.find("\r\n", at + 2);
    const std::string line(text.substr(at + 2, next - at - 2));
    const bool measured = line.starts_with("Content-Length") && row["body_length"].is_null();
    if (!line.starts_with("Date:") && !measured) out.headers.insert(line);
    at = next;
  }
  return out;
}

TEST_CASE("recorded requests get the recorded answers", "[derper][web][recorded]") {
  SiteFixture f;
  f.settings = {.hostname = "derp1.test", .version = "1.2.3", .has_mesh_key = true};
  const auto site = f.Make();
  std::size_t asked = 0;
  for (const json& row : test::ReadJson("go-http.json")) {
    if (!IsOurs(row)) continue;
    ++asked;
    CAPTURE(row.dump());
    const http::Request request = MakeRequest(row);
    const http::Response response =
        request.tls ? site->Handle(request) : site->HandlePlain(request);
    const Written written = Write(response, row);
    CHECK(written.status == row["status"]);
    CHECK(written.headers == Expected(row));
    if (row.contains("body")) CHECK(written.body == (IsBootstrap(row) ? "{}" : row["body"]));
  }
  CHECK(asked >= 60);
}

}  // namespace
}  // namespace derp::relay
