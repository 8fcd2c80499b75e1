#include <catch2/catch.hpp>

#include "common/diagnosis/stage_cert.h"

using namespace derp;
using namespace derp::diagnosis;

namespace {

const WallTime kNow = FromUnixSeconds(1'795'000'000);
constexpr Duration kDay = std::chrono::hours(24);

// A self-signed certificate for 127.0.0.1 that has been valid for some days and will be for more.
struct Sample {
  net::Certificate certificate;
  net::PeerPolicy pinned;
};

Sample Make(Duration age, Duration left) {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate leaf = net::IssueCertificate({.common_name = "127.0.0.1",
                                                       .names = {"127.0.0.1"},
                                                       .not_before = kNow - age,
                                                       .not_after = kNow + left},
                                                      key, nullptr, key);
  const net::PeerPolicy policy{.host_name = "127.0.0.1",
                               .cert_name = "sha256-raw:" + leaf.Sha256Hex(),
                               .insecure_for_tests = false};
  return {leaf, policy};
}

CertStage JudgeIt(const net::CertificateChain& chain, const net::PeerPolicy& policy) {
  static const auto roots = net::RootStore::Only("").value_or(net::RootStore::System());
  return JudgeCertificates(chain, true, policy, *roots, kNow);
}

std::string CodeOf(const CertStage& stage) { return stage.decision ? stage.decision->code : "ok"; }

}  // namespace

TEST_CASE("a pinned certificate in its prime is verified", "[diagnosis][cert]") {
  const Sample sample = Make(10 * kDay, 350 * kDay);
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  CHECK(CodeOf(stage) == "ok");
  CHECK(stage.verified);
  CHECK(stage.days_left == 350);
  REQUIRE(stage.meta_note);
  CHECK(stage.meta_note->code == "cert.meta_missing");
}

TEST_CASE("what is left of a certificate's life is judged by its length", "[diagnosis][cert]") {
  struct Row {
    int age, left;
    const char* code;
  };
  const auto row = GENERATE(values<Row>({{335, 31, "ok"},
                                         {336, 29, "cert.expiring"},
                                         {359, 6, "cert.expiring_soon"},
                                         {4, 3, "ok"},
                                         {5, 2, "cert.expiring"},
                                         {87, 3, "cert.expiring_soon"}}));
  CAPTURE(row.age, row.left);
  const Sample sample = Make(row.age * kDay, row.left * kDay);
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  CHECK(CodeOf(stage) == row.code);
  CHECK(stage.verified);
}

TEST_CASE("an expired certificate says since when", "[diagnosis][cert]") {
  const Sample sample = Make(100 * kDay, -2 * kDay - std::chrono::hours(1));
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  REQUIRE(CodeOf(stage) == "cert.expired");
  CHECK(stage.decision->headline == "certificate expired 2 days ago");
  CHECK_FALSE(stage.verified);
}

TEST_CASE("a certificate that begins later is not valid yet", "[diagnosis][cert]") {
  const Sample sample = Make(-1 * kDay, 100 * kDay);
  CHECK(CodeOf(JudgeIt({sample.certificate}, sample.pinned)) == "cert.not_yet_valid");
}

TEST_CASE("a wrong pin shows both", "[diagnosis][cert]") {
  Sample sample = Make(10 * kDay, 350 * kDay);
  sample.pinned.cert_name = "sha256-raw:" + std::string(64, '0');
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  REQUIRE(CodeOf(stage) == "cert.pin_mismatch");
  CHECK(std::get<std::string>(stage.decision->data.at("pin_seen")) ==
        sample.certificate.Sha256Hex());
  CHECK(std::get<std::string>(stage.decision->data.at("pin_expected")) == std::string(64, '0'));
}

TEST_CASE("a pinned relay that sends a chain is refused", "[diagnosis][cert]") {
  const Sample sample = Make(10 * kDay, 350 * kDay);
  const Sample other = Make(10 * kDay, 350 * kDay);
  const CertStage stage = JudgeIt({sample.certificate, other.certificate}, sample.pinned);
  CHECK(CodeOf(stage) == "cert.pin_chain");
}

TEST_CASE("an unpinned self-signed certificate comes with the pin to write", "[diagnosis][cert]") {
  Sample sample = Make(10 * kDay, 350 * kDay);
  sample.pinned.cert_name.clear();
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  REQUIRE(CodeOf(stage) == "cert.self_signed");
  CHECK(stage.decision->advice.find("sha256-raw:" + sample.certificate.Sha256Hex()) !=
        std::string::npos);
}

TEST_CASE("InsecureForTests is noted and never counts as verified", "[diagnosis][cert]") {
  Sample sample = Make(10 * kDay, 350 * kDay);
  sample.pinned.cert_name.clear();
  sample.pinned.insecure_for_tests = true;
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  CHECK(CodeOf(stage) == "ok");
  CHECK_FALSE(stage.verified);
  CHECK(stage.notes[0].code == "cert.unverified");
}

TEST_CASE("a pin counts even where InsecureForTests is on", "[diagnosis][cert]") {
  Sample sample = Make(10 * kDay, 350 * kDay);
  sample.pinned.cert_name = "sha256-raw:" + std::string(64, '0');
  sample.pinned.insecure_for_tests = true;
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  CHECK(CodeOf(stage) == "cert.pin_mismatch");
  CHECK(stage.refused);
}

TEST_CASE("days left are rounded down", "[diagnosis][cert]") {
  CHECK(DaysUntil(kNow, kNow + kDay - std::chrono::seconds(1)) == 0);
  CHECK(DaysUntil(kNow, kNow - std::chrono::seconds(1)) == -1);
}

TEST_CASE("several faults are one finding by the contract's order, the others are data",
          "[diagnosis][cert]") {
  Sample sample = Make(100 * kDay, -2 * kDay);
  sample.pinned.cert_name = "other.test";
  const CertStage stage = JudgeIt({sample.certificate}, sample.pinned);
  REQUIRE(CodeOf(stage) == "cert.expired");
  CHECK(std::get<std::string>(stage.decision->data.at("also")) ==
        "cert.self_signed, cert.name_mismatch");
}

TEST_CASE("an inspection box is named before everything else", "[diagnosis][cert]") {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate box = net::IssueCertificate({.common_name = "FortiGate by Fortinet",
                                                      .names = {},
                                                      .not_before = kNow - kDay,
                                                      .not_after = kNow + kDay,
                                                      .is_ca = true},
                                                     key, nullptr, key);
  const net::Certificate leaf = net::IssueCertificate({.common_name = "relay.test",
                                                       .names = {"relay.test"},
                                                       .not_before = kNow - kDay,
                                                       .not_after = kNow - kDay / 2},
                                                      net::PrivateKey::GenerateP256(), &box, key);
  for (const char* cert_name :
       {"", "sha256-raw:0000000000000000000000000000000000000000000000000000000000000000"}) {
    const CertStage stage = JudgeIt({leaf}, {.host_name = "relay.test", .cert_name = cert_name});
    REQUIRE(CodeOf(stage) == "cert.intercepted");
    CHECK(std::get<std::string>(stage.decision->data.at("vendor")) == "Fortinet");
    CHECK(stage.refused);
  }
}
