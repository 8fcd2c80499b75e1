#include "common/net/certificate.h"

#include <catch2/catch.hpp>

#include "common/base/hex.h"
#include "common/net/meta_certificate.h"
#include "common/net/name_match.h"
#include "tests/support/vectors.h"

namespace derp::net {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = FromUnixSeconds(1'795'000'000);  // 2026-11-18

Certificate SelfIssued(CertificateRequest request) {
  const PrivateKey key = PrivateKey::GenerateP256();
  request.not_before = kNow - 24h;
  request.not_after = kNow + 24h;
  return IssueCertificate(request, key, nullptr, key);
}

NodePublic KeyOf(std::string_view hex) {
  std::array<std::uint8_t, kKeySize> raw{};
  REQUIRE(DecodeHexInto(hex, raw));
  return NodePublic(raw);
}

TEST_CASE("a name of a certificate covers the hosts Go says it covers", "[net][certificate]") {
  struct Row {
    std::string_view pattern;
    std::string_view host;
    bool covers;
  };
  const Row row = GENERATE(
      Row{"relay.example.net", "relay.example.net", true},
      Row{"relay.example.net", "RELAY.Example.Net", true},
      Row{"Relay.Example.net", "relay.example.net.", true},
      Row{"relay.example.net", "relay.example.net..", false},
      Row{"relay.example.net", "other.example.net", false},
      Row{"*.example.net", "relay.example.net", true}, Row{"*.example.net", "example.net", false},
      Row{"*.example.net", "a.relay.example.net", false}, Row{"*.net", "example.net", true},
      Row{"*", "localhost", false}, Row{"re*.example.net", "relay.example.net", false},
      Row{"relay.*.net", "relay.example.net", false}, Row{"", "relay.example.net", false},
      Row{"localhost", "", false}, Row{"*.example.net", ".example.net", false},
      Row{"localhost", "localhost", true},
      Row{std::string_view("relay\0.net", 10), "relay", false});
  CAPTURE(row.pattern, row.host);
  CHECK(DnsNameCovers(row.pattern, row.host) == row.covers);
}

TEST_CASE("a certificate tells its names, issuer, dates and addresses", "[net][certificate]") {
  const Certificate certificate =
      SelfIssued({.common_name = "relay",
                  .names = {"relay.example.net", "*.example.org", "192.0.2.7", "2001:db8::7"},
                  .not_before = {},
                  .not_after = {},
                  .is_ca = false,
                  .issuer_url = "http://ca.example.net/ca.der",
                  .crl_url = "http://ca.example.net/ca.crl"});
  CHECK(certificate.SubjectCommonName() == "relay");
  CHECK(certificate.IssuerText() == "relay");
  CHECK(certificate.IssuerOrganization().empty());
  CHECK(certificate.Names() ==
        std::vector<std::string>{"relay.example.net", "*.example.org", "192.0.2.7", "2001:db8::7"});
  CHECK(certificate.NotBefore() == kNow - 24h);
  CHECK(certificate.NotAfter() == kNow + 24h);
  CHECK(certificate.IsSelfSigned());
  CHECK_FALSE(certificate.IsMeta());
  CHECK(certificate.IssuerUrl() == "http://ca.example.net/ca.der");
  CHECK(certificate.CrlUrl() == "http://ca.example.net/ca.crl");

  CHECK(certificate.CoversName("relay.example.net"));
  CHECK(certificate.CoversName("a.example.org."));
  CHECK(certificate.CoversName("192.0.2.7"));
  CHECK(certificate.CoversName("2001:DB8:0::7"));
  CHECK_FALSE(certificate.CoversName("relay"));  // the common name is no name
  CHECK_FALSE(certificate.CoversName("192.0.2.8"));
}

TEST_CASE("a certificate without extensions has no names and no addresses", "[net][certificate]") {
  const Certificate certificate = SelfIssued(
      {.common_name = "bare", .names = {}, .not_before = {}, .not_after = {}, .is_ca = true});
  CHECK(certificate.Names().empty());
  CHECK_FALSE(certificate.CoversName("bare"));
  CHECK_FALSE(certificate.IssuerUrl().has_value());
  CHECK_FALSE(certificate.CrlUrl().has_value());
}

TEST_CASE("a certificate without an end is valid until the end of the clock",
          "[net][certificate]") {
  const auto chain = ParsePemChain(  // notAfter 99991231235959Z
      "-----BEGIN CERTIFICATE-----\n"
      "MIHEMHgCAQEwBQYDK2VwMA4xDDAKBgNVBAMMA2ZhcjAgFw0yNjAxMDEwMDAwMDBa\n"
      "GA85OTk5MTIzMTIzNTk1OVowDjEMMAoGA1UEAwwDZmFyMCowBQYDK2VwAyEAmWQd\n"
      "gWPtcTGO/Dw2uZjDTrvsU50gPKl08QUDQ7is8/EwBQYDK2VwA0EA8IuulvhhViQn\n"
      "EGu1J/B0Sw93Hw5jghXZ/VMI6144AZHpk5wy9+WdZgwjYJ77ZL0sbegMjFcvKeFV\n"
      "F1o1QUc0AQ==\n"
      "-----END CERTIFICATE-----\n");
  REQUIRE(chain.has_value());
  CHECK(FormatRfc3339(chain->front().NotBefore()) == "2026-01-01T00:00:00Z");
  CHECK(UnixSeconds(chain->front().NotAfter()) == 9'200'000'000);
}

TEST_CASE("the certificate for an address is what derper makes", "[net][certificate]") {
  const auto text = GENERATE(as<std::string>(), "192.0.2.7", "2001:db8::7");
  CAPTURE(text);
  const PrivateKey key = PrivateKey::GenerateP256();
  const WallTime leap_day = FromUnixSeconds(1'835'438'400);  // 2028-02-29T12:00:00Z
  const Certificate certificate = MakeSelfSigned(*IpAddress::Parse(text), key, leap_day);
  CHECK(certificate.SubjectCommonName() == text);
  CHECK(certificate.IssuerText() == text);
  CHECK(certificate.Names() == std::vector<std::string>{text});
  CHECK(FormatRfc3339(certificate.NotBefore()) == "2028-02-29T12:00:00Z");
  CHECK(FormatRfc3339(certificate.NotAfter()) == "2029-03-01T12:00:00Z");
  CHECK(certificate.IsSelfSigned());
  CHECK(certificate.CoversName(text));
  CHECK(key.Matches(certificate));
  CHECK_FALSE(PrivateKey::GenerateP256().Matches(certificate));
}

TEST_CASE("DER and PEM forms give the same certificate back", "[net][certificate]") {
  const Certificate certificate = MakeMetaCertificate(KeyOf(std::string(64, 'a')), kNow);
  const auto again = Certificate::FromDer(certificate.Der());
  REQUIRE(again.has_value());
  CHECK(again->Sha256Hex() == certificate.Sha256Hex());

  const auto chain = ParsePemChain(ToPem(certificate) + "\n# words between\n" + ToPem(*again));
  REQUIRE(chain.has_value());
  REQUIRE(chain->size() == 2);
  CHECK((*chain)[1].Der() == certificate.Der());
}

TEST_CASE("bytes that are no certificate are refused wherever they are cut", "[net][certificate]") {
  Bytes der = MakeMetaCertificate(KeyOf(std::string(64, 'b')), kNow).Der();
  for (std::size_t cut = 0; cut < der.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(Certificate::FromDer(ByteView(der).first(cut)).has_value());
  }
  der.push_back(0);
  const auto longer = Certificate::FromDer(der);
  REQUIRE_FALSE(longer.has_value());
  CHECK(longer.error().context == "bytes follow the X.509 certificate");
}

TEST_CASE("an elliptic key is written in its SEC1 form and read back", "[net][certificate]") {
  const PrivateKey key = PrivateKey::GenerateP256();
  const std::string pem = key.ToPem();
  CHECK(pem.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
  const auto again = PrivateKey::FromPem(pem);
  REQUIRE(again.has_value());
  CHECK(again->ToPem() == pem);
}

TEST_CASE("a PEM text that will not do says what is wrong with it", "[net][certificate]") {
  const PrivateKey key = PrivateKey::GenerateP256();
  const std::string key_pem = key.ToPem();
  const std::string certificate_pem = ToPem(MakeSelfSigned(IpAddress(), key, kNow));
  std::string broken = certificate_pem;
  broken.replace(40, 4, "!!!!");
  std::string cut_key = key_pem;
  cut_key.erase(40, 20);
  const std::string encrypted =
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n" +
      key_pem.substr(31);

  CHECK(ParsePemChain("").error().context == "no PEM block found; a certificate was expected");
  CHECK(ParsePemChain(key_pem).error().context == "no certificate found, only \"EC PRIVATE KEY\"");
  CHECK_THAT(ParsePemChain(certificate_pem + broken).error().context,
             Catch::StartsWith("certificate 2: broken PEM block: "));
  CHECK_THAT(ParsePemChain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                 .error()
                 .context,
             Catch::StartsWith("certificate 1: this is no X.509 certificate: "));

  CHECK(PrivateKey::FromPem("").error().context ==
        "no PEM block found; a private key was expected");
  CHECK(PrivateKey::FromPem(certificate_pem).error().context ==
        "no private key found, only certificates");
  CHECK_THAT(PrivateKey::FromPem(cut_key).error().context,
             Catch::StartsWith("broken private key: "));
  CHECK(PrivateKey::FromPem(encrypted).error().context ==
        "the private key is encrypted with a passphrase");
}

TEST_CASE("the meta certificate has the golden bytes", "[net][certificate]") {
  const nlohmann::json golden = test::ReadJson("derp-frames.json").at("metacert");
  const NodePublic server = KeyOf(golden.at("server_public").get<std::string>());
  const Bytes seed = test::Hex(golden.at("ed25519_seed_hex").get<std::string>());
  const Certificate certificate = MakeMetaCertificateFrom(
      server, seed, FromUnixSeconds(golden.at("not_before_unix").get<std::int64_t>()),
      FromUnixSeconds(golden.at("not_after_unix").get<std::int64_t>()));
  CHECK(EncodeHex(certificate.Der()) == golden.at("der_hex").get<std::string>());
  CHECK(certificate.Sha256Hex() == golden.at("sha256").get<std::string>());
  CHECK(certificate.SubjectCommonName() == golden.at("common_name").get<std::string>());
  CHECK(certificate.IsMeta());
}

TEST_CASE("a meta certificate lives thirty days around its making", "[net][certificate]") {
  const Certificate certificate = MakeMetaCertificate(KeyOf(std::string(64, '1')), kNow);
  CHECK(certificate.NotBefore() == kNow - 24h * 30);
  CHECK(certificate.NotAfter() == kNow + 24h * 30);
}

TEST_CASE("the relay's key is found in the first readable meta certificate", "[net][certificate]") {
  const NodePublic first = KeyOf(std::string(64, '1'));
  const NodePublic second = KeyOf(std::string(64, '2'));
  const Certificate leaf =
      SelfIssued({.common_name = "relay", .names = {}, .not_before = {}, .not_after = {}});
  const Certificate bad_hex =
      SelfIssued({.common_name = "derpkeyzz", .names = {}, .not_before = {}, .not_after = {}});
  const Certificate zero = MakeMetaCertificate(NodePublic(), kNow);

  CHECK_FALSE(FindMetaKey({}).has_value());
  CHECK_FALSE(FindMetaKey({leaf, bad_hex}).has_value());
  const auto found = FindMetaKey(
      {leaf, bad_hex, MakeMetaCertificate(first, kNow), MakeMetaCertificate(second, kNow)});
  REQUIRE(found.has_value());
  CHECK(found->server == first);
  CHECK(found->version == 2);
  CHECK_FALSE(FindMetaKey({leaf, zero, MakeMetaCertificate(second, kNow)}).has_value());
}

}  // namespace
}  // namespace derp::net
