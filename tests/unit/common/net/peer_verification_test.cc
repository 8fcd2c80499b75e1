#include "common/net/peer_verification.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "common/net/lets_encrypt_roots.h"
#include "tests/unit/common/net/tls_pair.h"

namespace derp::net {
namespace {

using namespace std::chrono_literals;
using test::kNow;

constexpr const char* kName = "relay.example.net";
constexpr const char* kOther = "front.example.org";

// A root, an intermediate and what they issue. Keys are shared: only the names differ.
struct Authority {
  PrivateKey root_key = PrivateKey::GenerateP256();
  PrivateKey middle_key = PrivateKey::GenerateP256();
  PrivateKey key = PrivateKey::GenerateP256();
  Certificate root = Issue({.common_name = "Root",
                            .names = {},
                            .not_before = kNow - 48h,
                            .not_after = kNow + 48h,
                            .is_ca = true},
                           root_key, nullptr, root_key);
  Certificate middle = Middle(kNow + 48h);
  Certificate meta = MakeMetaCertificate(NodePublic({7}), kNow);
  std::shared_ptr<const RootStore> roots = *RootStore::Only(ToPem(root));

  static Certificate Issue(const CertificateRequest& request, const PrivateKey& key,
                           const Certificate* issuer, const PrivateKey& issuer_key) {
    return IssueCertificate(request, key, issuer, issuer_key);
  }
  Certificate Middle(WallTime not_after) const {
    return Issue({.common_name = "Middle",
                  .names = {},
                  .not_before = kNow - 48h,
                  .not_after = not_after,
                  .is_ca = true},
                 middle_key, &root, root_key);
  }
  Certificate Leaf(std::vector<std::string> names, WallTime not_before = kNow - 1h,
                   WallTime not_after = kNow + 1h, std::string issuer_url = {}) const {
    return Issue({.common_name = "leaf",
                  .names = std::move(names),
                  .not_before = not_before,
                  .not_after = not_after,
                  .is_ca = false,
                  .issuer_url = std::move(issuer_url)},
                 key, &middle, middle_key);
  }
  Certificate SelfSigned(std::vector<std::string> names, WallTime not_after = kNow + 1h) const {
    return Issue({.common_name = "self",
                  .names = std::move(names),
                  .not_before = kNow - 1h,
                  .not_after = not_after},
                 key, nullptr, key);
  }
};

const Authority& Ca() {
  static const Authority authority;
  return authority;
}

std::string Pin(const Certificate& certificate) { return "sha256-raw:" + certificate.Sha256Hex(); }

struct Case {
  std::string what;
  CertificateChain presented;
  PeerPolicy policy;
  std::optional<CertProblem> problem;
};

PeerPolicy For(std::string host, std::string cert_name = {}, bool insecure = false) {
  return {.host_name = std::move(host),
          .cert_name = std::move(cert_name),
          .insecure_for_tests = insecure};
}

void CheckCases(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.what);
    const CertVerdict verdict = VerifyPeer(one.presented, one.policy, *Ca().roots, kNow);
    CAPTURE(verdict.detail);
    CHECK(verdict.problem == one.problem);
    CHECK_FALSE(verdict.unverified);
    CHECK(verdict.detail.empty() == !one.problem.has_value());
  }
}

TEST_CASE("a chain is judged by dates, issuer and name, each with its own word", "[net][peer]") {
  const Certificate leaf = Ca().Leaf({kName, "192.0.2.7"});
  const Certificate elsewhere =
      Ca().Leaf({kName}, kNow - 1h, kNow + 1h, "http://ca.example.net/middle.der");
  const Certificate& middle = Ca().middle;
  const Certificate& meta = Ca().meta;
  using enum CertProblem;
  CheckCases({
      {"whole chain", {leaf, middle}, For(kName), {}},
      {"with root and meta", {leaf, middle, Ca().root, meta}, For(kName), {}},
      {"intermediates in any order", {leaf, meta, Ca().root, middle}, For(kName), {}},
      {"final dot", {leaf, middle}, For("relay.example.net."), {}},
      {"upper case", {leaf, middle}, For("RELAY.example.NET"), {}},
      {"no name to compare", {leaf, middle}, For(""), {}},
      {"address covered", {leaf, middle}, For("192.0.2.7"), {}},
      {"address not compared", {leaf, middle}, For("192.0.2.8"), {}},
      {"IPv6 address not compared", {leaf, middle}, For("2001:db8::8"), {}},
      {"nothing", {}, For(kName), kNoCertificate},
      {"not yet", {Ca().Leaf({kName}, kNow + 1h, kNow + 2h), middle}, For(kName), kNotYetValid},
      {"expired", {Ca().Leaf({kName}, kNow - 2h, kNow - 1s), middle}, For(kName), kExpired},
      {"expired before self-signed", {Ca().SelfSigned({kName}, kNow - 1s)}, For(kName), kExpired},
      {"expired intermediate", {leaf, Ca().Middle(kNow - 1s)}, For(kName), kExpired},
      {"an expired twin does no harm", {leaf, Ca().Middle(kNow - 1s), middle}, For(kName), {}},
      {"self-signed", {Ca().SelfSigned({kName})}, For(kName), kSelfSigned},
      {"self-signed with meta", {Ca().SelfSigned({kName}), meta}, For(kName), kSelfSigned},
      {"self-signed for an address",
       {MakeSelfSigned(*IpAddress::Parse("192.0.2.7"), Ca().key, kNow - 1h)},
       For("192.0.2.7"),
       kSelfSigned},
      {"no intermediate, place known", {elsewhere}, For(kName), kIncompleteChain},
      {"wrong intermediate, place known", {elsewhere, meta}, For(kName), kIncompleteChain},
      {"no intermediate, place unknown", {leaf, meta}, For(kName), kUnknownIssuer},
      {"wrong name", {leaf, middle}, For("other.example.net"), kNameMismatch},
      {"an issuer that may not issue",
       {Authority::Issue(
            {.common_name = "x", .names = {kName}, .not_before = kNow - 1h, .not_after = kNow + 1h},
            Ca().key, &leaf, Ca().key),
        leaf, middle},
       For(kName),
       kUnknownIssuer},
  });
}

TEST_CASE("an untrusted root is an unknown issuer, sent along or not", "[net][peer]") {
  const auto strangers = *RootStore::Only(LetsEncryptRoots());
  const Certificate leaf =
      Ca().Leaf({kName}, kNow - 1h, kNow + 1h, "http://ca.example.net/middle.der");
  for (const CertificateChain& chain :
       {CertificateChain{leaf, Ca().middle}, CertificateChain{leaf, Ca().middle, Ca().root}}) {
    const CertVerdict verdict = VerifyPeer(chain, For(kName), *strangers, kNow);
    CHECK(verdict.problem == CertProblem::kUnknownIssuer);
    CHECK_THAT(verdict.detail, Catch::StartsWith("issuer \"Root\": "));
  }
}

TEST_CASE("a CertName is verified in place of the host's name", "[net][peer]") {
  const Certificate fronted = Ca().Leaf({kOther});
  const Certificate leaf = Ca().Leaf({kName, "192.0.2.7"});
  const Certificate& middle = Ca().middle;
  using enum CertProblem;
  CheckCases({
      {"covered", {fronted, middle}, For(kName, kOther), {}},
      {"only the host is covered", {leaf, middle}, For(kName, kOther), kNameMismatch},
      {"host is an address", {fronted, middle}, For("192.0.2.7", kOther), {}},
      {"host is an address, not covered", {leaf, middle}, For("192.0.2.7", kOther), kNameMismatch},
      {"no host name", {fronted, middle}, For("", kOther), {}},
      {"CertName is the host's name", {leaf, middle}, For(kName, kName), {}},
      {"CertName is the host's name, not covered",
       {fronted, middle},
       For(kName, kName),
       kNameMismatch},
      {"CertName is the host's address", {fronted, middle}, For("192.0.2.8", "192.0.2.8"), {}},
      {"CertName is another address", {leaf, middle}, For(kName, "192.0.2.7"), {}},
      {"CertName is an uncovered address", {leaf, middle}, For(kName, "192.0.2.8"), kNameMismatch},
      {"the chain counts", {Ca().SelfSigned({kOther})}, For(kName, kOther), kSelfSigned},
      {"also with InsecureForTests", {leaf, middle}, For(kName, kOther, true), kNameMismatch},
  });
}

TEST_CASE("a pin stands for the chain, not for dates and name", "[net][peer]") {
  const Certificate self = Ca().SelfSigned({kName});
  const Certificate stale = Ca().SelfSigned({kName}, kNow - 1s);
  const Certificate early = Ca().Leaf({kName}, kNow + 1s, kNow + 1h);
  const Certificate leaf = Ca().Leaf({kName});
  const Certificate address = MakeSelfSigned(*IpAddress::Parse("192.0.2.7"), Ca().key, kNow - 1h);
  const Certificate& meta = Ca().meta;
  std::string upper = Pin(self);
  std::transform(upper.begin() + 11, upper.end(), upper.begin() + 11,
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  using enum CertProblem;
  CheckCases({
      {"matches", {self}, For(kName, Pin(self)), {}},
      {"matches, meta last", {self, meta}, For(kName, Pin(self)), {}},
      {"matches, meta first", {meta, self}, For(kName, Pin(self)), {}},
      {"final dot", {self}, For("Relay.example.net.", Pin(self)), {}},
      {"address", {address, meta}, For("192.0.2.7", Pin(address)), {}},
      {"another address is not compared", {address}, For("192.0.2.9", Pin(address)), {}},
      {"no host name", {self}, For("", Pin(self)), {}},
      {"untrusted chain", {leaf}, For(kName, Pin(leaf)), {}},
      {"other certificate", {self}, For(kName, Pin(leaf)), kPinMismatch},
      {"upper-case pin", {self}, For(kName, upper), kPinMismatch},
      {"empty pin", {self}, For(kName, "sha256-raw:"), kPinMismatch},
      {"mismatch before chain", {leaf, Ca().middle}, For(kName, Pin(self)), kPinMismatch},
      {"chain", {leaf, Ca().middle, meta}, For(kName, Pin(leaf)), kPinChain},
      {"the same twice", {self, self}, For(kName, Pin(self)), kPinChain},
      {"only meta", {meta}, For(kName, Pin(meta)), kNoCertificate},
      {"nothing", {}, For(kName, Pin(self)), kNoCertificate},
      {"expired", {stale}, For(kName, Pin(stale)), kExpired},
      {"not yet", {early}, For(kName, Pin(early)), kNotYetValid},
      {"other name", {self}, For(kOther, Pin(self)), kNameMismatch},
      {"also with InsecureForTests", {self}, For(kName, Pin(leaf), true), kPinMismatch},
  });
}

TEST_CASE("InsecureForTests checks nothing and says so", "[net][peer]") {
  const CertVerdict verdict =
      VerifyPeer({Ca().SelfSigned({}, kNow - 1h)}, For(kName, "", true), *Ca().roots, kNow);
  CHECK_FALSE(verdict.problem.has_value());
  CHECK(verdict.unverified);
  CHECK(verdict.detail == "not checked: the map says InsecureForTests");
}

TEST_CASE("verdicts give the values", "[net][peer]") {
  const Certificate self = Ca().SelfSigned({kName});
  const auto detail = [](const CertificateChain& chain, const PeerPolicy& policy) {
    return VerifyPeer(chain, policy, *Ca().roots, kNow).detail;
  };
  CHECK(detail({Ca().Leaf({kName}, kNow - 2h, kNow - 1s)}, For(kName)) ==
        "not after 2026-11-18T11:06:39Z, issuer \"Middle\"");
  CHECK(detail({self}, For(kName)) == "signed by itself as \"self\", SHA-256 " + self.Sha256Hex());
  CHECK(detail({self}, For(kName, "sha256-raw:00")) ==
        "SHA-256 is " + self.Sha256Hex() + ", the map pins 00");
  CHECK(detail({self}, For(kOther, Pin(self))) ==
        "valid for relay.example.net, not for \"front.example.org\"");
  CHECK(detail({Ca().Leaf({"a.x", "b.x", "c.x", "d.x", "e.x", "f.x"}), Ca().middle}, For(kName)) ==
        "valid for a.x, b.x, c.x, d.x, e.x and 1 more, not for \"relay.example.net\"");
  CHECK(detail({Ca().Leaf({kName}, kNow - 1h, kNow + 1h, "http://ca.example.net/m.der")},
               For(kName)) ==
        "the issuer's certificate \"Middle\" is not in the chain; it is at "
        "http://ca.example.net/m.der");
}

TEST_CASE("anchors may be leaves and intermediates", "[net][peer]") {
  const Certificate address = MakeSelfSigned(*IpAddress::Parse("127.0.0.1"), Ca().key, kNow - 1h);
  const auto leaf_roots = RootStore::SystemPlus(ToPem(address));
  REQUIRE(leaf_roots.has_value());
  CHECK_FALSE(VerifyPeer({address, Ca().meta}, For("127.0.0.1"), **leaf_roots, kNow).problem);
  CHECK(VerifyPeer({Ca().SelfSigned({kName})}, For(kName), **leaf_roots, kNow).problem ==
        CertProblem::kSelfSigned);

  const auto middle_roots = RootStore::Only(ToPem(Ca().middle));
  REQUIRE(middle_roots.has_value());
  CHECK_FALSE(VerifyPeer({Ca().Leaf({kName})}, For(kName), **middle_roots, kNow).problem);
}

TEST_CASE("a file without anchors is refused", "[net][peer]") {
  CHECK_FALSE(RootStore::Only("").has_value());
  CHECK_FALSE(RootStore::SystemPlus("nothing").has_value());
}

TEST_CASE("Let's Encrypt's roots are built in", "[net][peer]") {
  const auto roots = ParsePemChain(LetsEncryptRoots());
  REQUIRE(roots.has_value());
  REQUIRE(roots->size() == 2);
  CHECK(roots->at(0).Sha256Hex() ==
        "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6");
  CHECK(roots->at(1).Sha256Hex() ==
        "69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470");
}

// Sets a variable of the environment for the length of a test, of which only one runs at a time.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST_CASE("Let's Encrypt's roots are trusted where the system has none", "[net][peer]") {
  const ScopedVariable file("SSL_CERT_FILE", "/nonexistent");
  const ScopedVariable folder("SSL_CERT_DIR", "/nonexistent");
  const auto roots = ParsePemChain(LetsEncryptRoots());
  REQUIRE(roots.has_value());
  for (const Certificate& root : *roots) {
    // A root is no server's certificate, but not for want of an issuer.
    CHECK_THAT(VerifyPeer({root}, For(""), *RootStore::System(), kNow).detail,
               Catch::EndsWith("unsupported certificate purpose") ||
                   Catch::EndsWith("unsuitable certificate purpose"));
    CHECK(VerifyPeer({root}, For(""), *Ca().roots, kNow).problem == CertProblem::kSelfSigned);
  }
}

TEST_CASE("SSL_CERT_FILE and SSL_CERT_DIR name further anchors", "[net][peer]") {
  std::string pattern = (std::filesystem::temp_directory_path() / "derp-roots-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const std::filesystem::path folder = pattern;
  std::ofstream(folder / "any-name.pem") << ToPem(Ca().root);
  const CertificateChain chain = {Ca().Leaf({kName}), Ca().middle};
  CHECK(VerifyPeer(chain, For(kName), *RootStore::System(), kNow).problem ==
        CertProblem::kUnknownIssuer);
  {
    const ScopedVariable file("SSL_CERT_FILE", folder / "any-name.pem");
    CHECK_FALSE(VerifyPeer(chain, For(kName), *RootStore::System(), kNow).problem);
  }
  {
    const ScopedVariable folders("SSL_CERT_DIR", "/nonexistent:" + folder.string());
    CHECK_FALSE(VerifyPeer(chain, For(kName), *RootStore::System(), kNow).problem);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a chain found good once is judged by its dates again", "[net][verify]") {
  const auto& ca = Ca();
  const auto roots = *RootStore::Only(ToPem(ca.root));
  const Certificate middle = ca.Middle(kNow + 30min);
  const CertificateChain chain = {ca.Leaf({kName}), middle, ca.meta};
  const PeerPolicy policy{.host_name = kName, .cert_name = {}};
  for (int i = 0; i < 2; ++i) CHECK_FALSE(VerifyPeer(chain, policy, *roots, kNow).problem);
  // The same leaf without its issuer is another chain.
  CHECK(VerifyPeer({chain[0]}, policy, *roots, kNow).problem == CertProblem::kUnknownIssuer);
  CHECK(VerifyPeer(chain, policy, *roots, kNow + 40min).problem == CertProblem::kExpired);
  CHECK(VerifyPeer(chain, {.host_name = kOther, .cert_name = {}}, *roots, kNow).problem ==
        CertProblem::kNameMismatch);
  // What one store trusts is nothing to another.
  const auto others = *RootStore::Only(ToPem(ca.SelfSigned({kOther})));
  CHECK(VerifyPeer(chain, policy, *others, kNow).problem == CertProblem::kUnknownIssuer);
  CHECK_FALSE(VerifyPeer(chain, policy, *roots, kNow).problem);
}

}  // namespace
}  // namespace derp::net
