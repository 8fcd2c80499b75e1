#include "common/net/revocation_list.h"

#include <catch2/catch.hpp>

#include "tests/support/revocation_list_maker.h"

using namespace derp;
using namespace derp::net;

namespace {

const WallTime kNow = FromUnixSeconds(1'795'000'000);
constexpr Duration kDay = std::chrono::hours(24);
constexpr std::string_view kUrl = "http://lists.test/1.crl";

struct Authority {
  PrivateKey key = PrivateKey::GenerateP256();
  Certificate certificate = IssueCertificate({.common_name = "Test Authority",
                                              .names = {},
                                              .not_before = kNow - kDay,
                                              .not_after = kNow + kDay,
                                              .is_ca = true},
                                             key, nullptr, key);

  Certificate Issue() const {
    return IssueCertificate({.common_name = "relay.test",
                             .names = {"relay.test"},
                             .not_before = kNow - kDay,
                             .not_after = kNow + kDay},
                            PrivateKey::GenerateP256(), &certificate, key);
  }
  std::string List(test::ListRequest request) const {
    request.this_update = kNow - std::chrono::hours(1);
    request.next_update = kNow + std::chrono::hours(5);
    return test::MakeRevocationList(request, certificate, key);
  }
};

std::string Refusal(const std::string& der, const Authority& authority) {
  const auto list = RevocationList::FromDer(AsBytes(der), kUrl, authority.certificate);
  return list ? "accepted" : list.error().context;
}

}  // namespace

TEST_CASE("a list tells who is on it, since when and why", "[net][crl]") {
  const Authority authority;
  const Certificate good = authority.Issue();
  const Certificate bad = authority.Issue();
  const std::string der = authority.List({.revoked = {authority.Issue(), bad, authority.Issue()}});
  const auto list = RevocationList::FromDer(AsBytes(der), kUrl, authority.certificate);
  REQUIRE(list);
  CHECK(list->size() == 3);
  CHECK(list->next_update() == kNow + std::chrono::hours(5));
  CHECK_FALSE(list->Find(good));
  const auto entry = list->Find(bad);
  REQUIRE(entry);
  CHECK(entry->at == kNow - std::chrono::hours(1));
  CHECK(entry->reason == "key compromise");
}

TEST_CASE("an empty list revokes nobody", "[net][crl]") {
  const Authority authority;
  const std::string der = authority.List({});
  const auto list = RevocationList::FromDer(AsBytes(der), kUrl, authority.certificate);
  REQUIRE(list);
  CHECK_FALSE(list->Find(authority.Issue()));
}

TEST_CASE("a list of somebody else is refused", "[net][crl]") {
  const Authority authority;
  const Authority other;  // of the same name
  CHECK(Refusal(other.List({}), authority) == "it is not signed by the certificate's issuer");
}

TEST_CASE("a list that does not speak for the certificate is refused", "[net][crl]") {
  const Authority authority;
  CHECK(Refusal(authority.List({.scope = "fullname:URI:http://lists.test/1.crl"}), authority) ==
        "accepted");
  CHECK(Refusal(authority.List({.scope = "fullname:URI:http://lists.test/2.crl"}), authority) ==
        "it is a list of another place");
  CHECK(Refusal(authority.List({.scope = "onlyCA:TRUE"}), authority) ==
        "it is a list without server certificates");
  CHECK(Refusal(authority.List({.scope = "indirectCRL:TRUE"}), authority) ==
        "it is a list of another issuer's certificates");
  CHECK(Refusal(authority.List({.scope = "onlysomereasons:keyCompromise"}), authority) ==
        "it is a list of some reasons only");
  CHECK(Refusal(authority.List({.delta = true}), authority) == "it is a delta list");
}

TEST_CASE("a list cut anywhere or with bytes behind it is refused", "[net][crl]") {
  const Authority authority;
  const std::string der = authority.List({.revoked = {authority.Issue()}});
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK(Refusal(der.substr(0, size), authority) == "no revocation list in DER");
  }
  CHECK(Refusal(der + "x", authority) == "no revocation list in DER");
}
