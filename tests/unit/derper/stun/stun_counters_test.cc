#include "derper/stun/stun_counters.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

double Value(const std::vector<metrics::Family>& families, const std::string& name,
             const std::string& label) {
  for (const metrics::Family& family : families) {
    for (const metrics::Sample& sample : family.samples) {
      if (family.name == name && sample.labels.at(0).second == label) return sample.value;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("every label exists before the first packet", "[stun][metrics]") {
  std::vector<metrics::Family> families;
  AppendStunFamilies({}, families);
  REQUIRE(families.size() == 3);
  for (const char* label : {"not_stun", "read_error", "success", "write_error"}) {
    CHECK(Value(families, "stun_requests", label) == 0);
  }
  for (const char* label : {"ipv4", "ipv6"}) CHECK(Value(families, "stun_addrfamily", label) == 0);
  for (const char* label :
       {"not_stun", "not_success_response", "malformed_attrs", "not_binding_request",
        "wrong_software", "no_fingerprint", "wrong_fingerprint", "rate_limited"}) {
    CHECK(Value(families, "stun_rejected", label) == 0);
  }
  for (const metrics::Family& family : families) CHECK(family.kind == metrics::Kind::kCounter);
}

TEST_CASE("figures of several threads add up", "[stun][metrics]") {
  StunCounters one;
  one.AddRejected(stun::MessageError::kWrongSoftware);
  one.AddFamily(AddressFamily::kIpv4);
  one.AddFamily(AddressFamily::kIpv6);
  one.AddSent(1, 1);
  StunCounters other;
  other.AddRejected(stun::MessageError::kNotStun);
  other.AddReadError();
  other.AddRateLimited();

  StunFigures sum = one.Read();
  sum += other.Read();
  std::vector<metrics::Family> families;
  AppendStunFamilies(sum, families);
  CHECK(Value(families, "stun_requests", "not_stun") == 2);
  CHECK(Value(families, "stun_requests", "read_error") == 1);
  CHECK(Value(families, "stun_requests", "success") == 1);
  CHECK(Value(families, "stun_requests", "write_error") == 1);
  CHECK(Value(families, "stun_addrfamily", "ipv4") == 1);
  CHECK(Value(families, "stun_addrfamily", "ipv6") == 1);
  CHECK(Value(families, "stun_rejected", "wrong_software") == 1);
  CHECK(Value(families, "stun_rejected", "not_stun") == 1);
  CHECK(Value(families, "stun_rejected", "rate_limited") == 1);
}

}  // namespace derp::relay
