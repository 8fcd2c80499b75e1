// Any bytes as what a certificate names and what is found there: a URL, a revocation list, the
// certificates of an inspection box.
#include <cstdint>

#include "common/base/result.h"
#include "common/diagnosis/trust/public_url.h"
#include "common/http/proxy.h"
#include "common/net/certificate_facts.h"
#include "common/net/middle_box.h"
#include "common/net/revocation_list.h"

using namespace derp;

namespace {

net::Certificate MakeAuthority() {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  return net::IssueCertificate({.common_name = "Authority",
                                .names = {},
                                .not_before = FromUnixSeconds(1'700'000'000),
                                .not_after = FromUnixSeconds(1'800'000'000),
                                .is_ca = true},
                               key, nullptr, key);
}

void CheckUrl(std::string_view text) {
  const auto url = diagnosis::ParsePlainUrl(text);
  if (url) {
    Check(!url->host.empty() && url->port != 0, "a URL has a host and a port");
    Check(text.find('@') == std::string_view::npos || url->host.find('@') == std::string::npos,
          "a user's name is no host");
  }
  static_cast<void>(http::ProxyFor(text, {{"http_proxy", "p:1"}, {"no_proxy", "a,.b,10.0.0.0/8"}}));
}

void CheckCertificate(const net::Certificate& certificate) {
  static_cast<void>(net::FullIssuerText(certificate));
  static_cast<void>(net::MailAddresses(certificate));
  static_cast<void>(net::FindMiddleBox({certificate}));
  Check(net::EndOfChain({certificate}).has_value() != certificate.IsMeta(),
        "a chain of one ends there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const net::Certificate authority = MakeAuthority();
  const ByteView bytes(data, size);
  CheckUrl(AsText(bytes));
  Check(!net::RevocationList::FromDer(bytes, "http://a.test/", authority),
        "nobody but the authority signs its list");
  if (const auto certificate = net::Certificate::FromDer(bytes)) CheckCertificate(*certificate);
  return 0;
}
