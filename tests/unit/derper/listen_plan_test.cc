#include "derper/listen_plan.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

class FixedResolver final : public net::Resolver {
 public:
  Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view name,
                                                          std::optional<AddressFamily>,
                                                          TimePoint) override {
    if (name == "relay.example") return std::vector{*IpAddress::Parse("192.0.2.7")};
    return Fail(net::DnsError{.failure = net::DnsFailure::kNotFound,
                              .text = "lookup " + std::string(name) + ": no such host"});
  }
};

Expected<ListenPlan, Error> Plan(const Options& options) {
  FixedResolver resolver;
  return PlanListeners(options, resolver, TimePoint{});
}

std::string Problem(const Options& options) {
  const auto plan = Plan(options);
  return plan ? "" : plan.error().context;
}

TEST_CASE("port 443 means TLS with a plain listener and STUN on the same host", "[derper]") {
  Options options;
  options.address = "192.0.2.1:443";
  const auto plan = Plan(options);
  REQUIRE(plan.has_value());
  CHECK(plan->tls);
  CHECK(plan->main.ToString() == "192.0.2.1:443");
  REQUIRE(plan->plain_http.has_value());
  CHECK(plan->plain_http->ToString() == "192.0.2.1:80");
  REQUIRE(plan->stun.has_value());
  CHECK(plan->stun->ToString() == "192.0.2.1:3478");
}

TEST_CASE("an empty host is every address", "[derper]") {
  Options options;
  options.address = ":https";
  const auto plan = Plan(options);
  REQUIRE(plan.has_value());
  CHECK(plan->tls);
  CHECK(plan->main.ToString() == "[::]:443");
}

TEST_CASE("a host name is looked up", "[derper]") {
  Options options;
  options.address = "relay.example:443";
  REQUIRE(Plan(options).has_value());
  CHECK(Plan(options)->main.ToString() == "192.0.2.7:443");
  options.address = "nosuch.example:443";
  CHECK(Problem(options) == "invalid server address: lookup nosuch.example: no such host");
}

TEST_CASE("the certificate mode decides about TLS on other ports", "[derper]") {
  Options options;
  options.address = ":8443";
  CHECK(Problem(options).starts_with("-certmode=letsencrypt on port 8443 would serve clear text"));
  options.cert_mode = "manual";
  CHECK(Plan(options)->tls);
  options.tls = "off";
  CHECK_FALSE(Plan(options)->tls);
  CHECK_FALSE(Plan(options)->plain_http.has_value());
  options.cert_mode = "gcp";
  options.tls = "on";
  CHECK(Plan(options)->tls);
}

TEST_CASE("developer mode serves clear text on port 3340 whatever -a says", "[derper]") {
  Options options;
  options.dev = true;
  options.address = "nonsense";
  const auto plan = Plan(options);
  REQUIRE(plan.has_value());
  CHECK(plan->main.ToString() == "[::]:3340");
  CHECK_FALSE(plan->tls);
  options.cert_mode = "manual";
  CHECK(Plan(options)->tls);
  CHECK(Plan(options)->plain_http.has_value());
}

TEST_CASE("side listeners can be switched off", "[derper]") {
  Options options;
  options.http_port = -1;
  options.stun = false;
  const auto plan = Plan(options);
  REQUIRE(plan.has_value());
  CHECK_FALSE(plan->plain_http.has_value());
  CHECK_FALSE(plan->stun.has_value());
}

TEST_CASE("addresses that cannot be split are refused in Go's words", "[derper]") {
  Options options;
  options.address = "443";
  CHECK(Problem(options) == "invalid server address: address 443: missing port in address");
  options.address = "::1:443";
  CHECK(Problem(options) == "invalid server address: address ::1:443: too many colons in address");
  options.address = "[::1]";
  CHECK(Problem(options) == "invalid server address: address [::1]: missing port in address");
  for (const char* address : {":", ":70000", ":no-such-service"}) {
    CAPTURE(address);
    options.address = address;
    CHECK(Problem(options).starts_with("invalid server address: unknown port"));
  }
}

TEST_CASE("the debug pages may have an address of their own", "[derper]") {
  Options options;
  options.address = "192.0.2.1:443";
  CHECK_FALSE(Plan(options)->debug.has_value());
  options.debug_address = "127.0.0.1:9090";
  CHECK(Plan(options)->debug->ToString() == "127.0.0.1:9090");
  options.debug_address = "relay.example:0";
  CHECK(Plan(options)->debug->ToString() == "192.0.2.7:0");
  options.debug_address = "9090";
  CHECK(Problem(options).starts_with("-debug-addr: invalid server address: "));
}

}  // namespace
}  // namespace derp::relay
