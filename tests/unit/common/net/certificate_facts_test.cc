#include "common/net/certificate_facts.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "common/net/middle_box.h"

using namespace derp;
using namespace derp::net;

namespace {

const WallTime kNow = FromUnixSeconds(1'795'000'000);
constexpr Duration kDay = std::chrono::hours(24);

struct Issued {
  PrivateKey key;
  Certificate certificate;
};

Issued Make(const std::string& name, const Issued* issuer, bool is_ca) {
  PrivateKey key = PrivateKey::GenerateP256();
  Certificate certificate =
      IssueCertificate({.common_name = name,
                        .names = {},
                        .not_before = kNow - kDay,
                        .not_after = kNow + kDay,
                        .is_ca = is_ca},
                       key, issuer == nullptr ? nullptr : &issuer->certificate,
                       issuer == nullptr ? key : issuer->key);
  return {std::move(key), std::move(certificate)};
}

CertificateChain FromFile(const std::string& name) {
  std::ifstream file(std::string(DERP_TEST_DATA) + "/certificates/" + name);
  const std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return ParsePemChain(pem).value();
}

Certificate IssuedBy(const std::string& authority) {
  const Issued root = Make(authority, nullptr, true);
  return Make("relay.test", &root, false).certificate;
}

}  // namespace

TEST_CASE("the issuer is found among what was sent and among the anchors", "[net][cert]") {
  const Issued root = Make("Root", nullptr, true);
  const Issued middle = Make("Middle", &root, true);
  const Issued leaf = Make("leaf", &middle, false);
  const auto roots = RootStore::Only(ToPem(root.certificate)).value();
  const auto first = IssuerOf(leaf.certificate, {root.certificate, middle.certificate}, *roots);
  REQUIRE(first);
  CHECK(first->SubjectCommonName() == "Middle");
  CHECK_FALSE(IssuerOf(leaf.certificate, {}, *roots));
  const auto second = IssuerOf(middle.certificate, {}, *roots);
  REQUIRE(second);
  CHECK(second->SubjectCommonName() == "Root");
  const Issued impostor = Make("Middle", nullptr, true);
  CHECK_FALSE(IssuerOf(leaf.certificate, {impostor.certificate}, *roots));
}

TEST_CASE("a chain is followed to where it ends, in whatever order it came", "[net][cert]") {
  const Issued root = Make("Root", nullptr, true);
  const Issued middle = Make("Middle", &root, true);
  const Issued low = Make("Low", &middle, true);
  const Issued leaf = Make("leaf", &low, false);
  CHECK(EndOfChain({leaf.certificate})->SubjectCommonName() == "leaf");
  CHECK(EndOfChain({leaf.certificate, middle.certificate, low.certificate})->SubjectCommonName() ==
        "Middle");
  CHECK(EndOfChain({leaf.certificate, low.certificate, middle.certificate, root.certificate})
            ->IsSelfSigned());
  CHECK_FALSE(EndOfChain({}));
}

TEST_CASE("vendors of middle boxes are told by the issuer's name", "[net][middle_box]") {
  struct Row {
    const char* issuer;
    const char* vendor;
  };
  const auto row = GENERATE(values<Row>({{"Aruba Instant CA", "Aruba Networks"},
                                         {"CISCO Umbrella Root", "Cisco"},
                                         {"fortinet ssl", "Fortinet"},
                                         {"Palo Alto Networks Decrypt", "Palo Alto Networks"},
                                         {"my PAN-FW", "Palo Alto Networks"},
                                         {"Sophos SSL CA", "Sophos"},
                                         {"UniFi gateway", "Ubiquiti"},
                                         {"ubiquiti inc", "Ubiquiti"}}));
  CAPTURE(row.issuer);
  CHECK(FindMiddleBox({IssuedBy(row.issuer)}) == row.vendor);
}

TEST_CASE("a mail address anywhere in the certificate tells too", "[net][middle_box]") {
  CHECK(FindMiddleBox(FromFile("mail_in_names.pem")) == "Huawei");
  CHECK(FindMiddleBox(FromFile("mail_in_issuer.pem")) == "Fortinet");
}

TEST_CASE("the vendor's name may stand in any certificate of the chain", "[net][middle_box]") {
  const Issued root = Make("Sophos Root", nullptr, true);
  const Issued middle = Make("Site 7", &root, true);
  CHECK(FindMiddleBox({Make("relay.test", &middle, false).certificate, middle.certificate}) ==
        "Sophos");
}

TEST_CASE("a certificate of an ordinary authority is nobody's", "[net][middle_box]") {
  CHECK_FALSE(FindMiddleBox({IssuedBy("Let's Encrypt R11")}));
  CHECK_FALSE(FindMiddleBox({}));
}
