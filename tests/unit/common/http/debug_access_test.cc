#include "common/http/debug_access.h"

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "tests/support/temporary_directory.h"

namespace derp::http {
namespace {

using Environment = std::map<std::string, std::string>;

Request From(const std::string& address, std::string query = {}, std::string method = "GET") {
  Request request;
  request.head.method = std::move(method);
  request.query = std::move(query);
  request.remote.ip = *IpAddress::Parse(address);
  return request;
}

bool Allowed(const std::string& address, const Environment& environment = {}) {
  return DebugAccess::FromEnvironment(environment)->Allows(From(address));
}

TEST_CASE("this machine and the tailnet see the debug pages, nobody else does", "[http][debug]") {
  for (const char* address :
       {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "100.64.0.1", "100.100.100.100",
        "100.115.91.255", "100.115.94.0", "100.127.255.255", "fd7a:115c:a1e0::1"}) {
    CAPTURE(address);
    CHECK(Allowed(address));
  }
  for (const char* address : {"8.8.8.8", "100.115.92.10", "100.115.93.255", "100.63.255.255",
                              "100.128.0.0", "10.0.0.1", "fd7a:115c:a1e1::1", "::", "0.0.0.0"}) {
    CAPTURE(address);
    CHECK_FALSE(Allowed(address));
  }
}

TEST_CASE("the environment lets one address in", "[http][debug]") {
  CHECK(Allowed("8.8.8.8", {{"TS_ALLOW_DEBUG_IP", "8.8.8.8"}}));
  CHECK_FALSE(Allowed("8.8.4.4", {{"TS_ALLOW_DEBUG_IP", "8.8.8.8"}}));
}

TEST_CASE("the environment lets address blocks in", "[http][debug]") {
  const Environment environment{
      {"TS_DEBUG_TRUSTED_CIDRS", " 10.0.0.0/8 ,, 192.168.1.0/24,fd00::/8,"}};
  CHECK(Allowed("10.1.2.3", environment));
  CHECK(Allowed("::ffff:10.1.2.3", environment));
  CHECK(Allowed("192.168.1.255", environment));
  CHECK_FALSE(Allowed("192.168.2.1", environment));
  CHECK(Allowed("fd12::1", environment));
  CHECK_FALSE(Allowed("fe80::1", environment));
}

TEST_CASE("a bad address block is named", "[http][debug]") {
  for (const std::string text : {"10.0.0.0/33", "x", "10.0.0.1", "10.0.0.0/8 fd00::/8"}) {
    CAPTURE(text);
    const auto access =
        DebugAccess::FromEnvironment({{"TS_DEBUG_TRUSTED_CIDRS", "127.0.0.0/8," + text}});
    REQUIRE(!access.has_value());
    CHECK(access.error().context == "TS_DEBUG_TRUSTED_CIDRS: \"" + text + "\" is no address block");
  }
}

TEST_CASE("what a proxy forwards is refused even from this machine", "[http][debug]") {
  Request request = From("127.0.0.1");
  request.head.headers.Add("X-Forwarded-For", "");
  CHECK(DebugAccess::FromEnvironment({})->Allows(request));
  request.head.headers.Add("X-Forwarded-For", "127.0.0.1");
  CHECK_FALSE(DebugAccess::FromEnvironment({})->Allows(request));
}

TEST_CASE("the right key opens the pages from anywhere, for GET only", "[http][debug]") {
  const test::TemporaryDirectory folder;
  REQUIRE(WriteFileAtomically(folder / "key", "se&cret\n", 0600).has_value());
  const auto access = DebugAccess::FromEnvironment({{"TS_DEBUG_KEY_PATH", folder / "key"}});
  REQUIRE(access.has_value());
  Request forwarded = From("8.8.8.8", "a=b&debugkey=se%26cret");
  forwarded.head.headers.Add("X-Forwarded-For", "1.2.3.4");
  CHECK(access->Allows(forwarded));
  CHECK_FALSE(access->Allows(From("8.8.8.8", "debugkey=se%26cret", "POST")));
  CHECK_FALSE(access->Allows(From("8.8.8.8", "debugkey=se%26cre")));
  CHECK_FALSE(access->Allows(From("8.8.8.8", "debugkey=")));
  CHECK_FALSE(DebugAccess::FromEnvironment({})->Allows(From("8.8.8.8", "debugkey=")));
  REQUIRE(WriteFileAtomically(folder / "key", "new", 0600).has_value());
  CHECK(access->Allows(From("8.8.8.8", "debugkey=new")));
  REQUIRE(WriteFileAtomically(folder / "key", "\n", 0600).has_value());
  CHECK_FALSE(access->Allows(From("8.8.8.8", "debugkey=")));
}

TEST_CASE("the tailnet alone does not open private pages", "[http][debug]") {
  const auto access = DebugAccess::FromEnvironment(
      {{"TS_DEBUG_TRUSTED_CIDRS", "10.0.0.0/8,100.64.7.0/24"}, {"TS_ALLOW_DEBUG_IP", "8.8.8.8"}});
  REQUIRE(access.has_value());
  for (const char* address : {"127.0.0.1", "::1", "10.1.2.3", "8.8.8.8", "100.64.7.1"}) {
    CAPTURE(address);
    CHECK(access->Allows(From(address), DebugNeed::kPrivate));
  }
  for (const char* address : {"100.64.0.1", "fd7a:115c:a1e0::1", "9.9.9.9"}) {
    CAPTURE(address);
    CHECK_FALSE(access->Allows(From(address), DebugNeed::kPrivate));
  }
}

TEST_CASE("what a PROXY head says is neither this machine nor the tailnet", "[http][debug]") {
  const auto access =
      DebugAccess::FromEnvironment({{"TS_DEBUG_TRUSTED_CIDRS", "10.0.0.0/8,127.0.0.0/8"}});
  REQUIRE(access.has_value());
  for (const char* address : {"127.0.0.1", "::1", "100.64.0.1", "fd7a:115c:a1e0::1"}) {
    CAPTURE(address);
    Request request = From(address);
    request.proxied = true;
    CHECK_FALSE(access->Allows(request));
  }
  Request trusted = From("10.1.2.3");
  trusted.proxied = true;
  CHECK(access->Allows(trusted, DebugNeed::kPrivate));
}

}  // namespace
}  // namespace derp::http
