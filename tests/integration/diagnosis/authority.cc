#include "tests/integration/diagnosis/authority.h"

#include <fmt/format.h>

#include "tests/support/revocation_list_maker.h"

namespace derp::test {

namespace {

WallTime Now() { return SystemClock().WallNow(); }

net::CertificateRequest CaRequest(const std::string& name) {
  return {.common_name = name,
          .names = {},
          .not_before = Now() - std::chrono::hours(48),
          .not_after = Now() + std::chrono::hours(48),
          .is_ca = true};
}

}  // namespace

Authority::Authority(Names names)
    : root_(net::IssueCertificate(CaRequest(names.root), root_key_, nullptr, root_key_)),
      intermediate_(net::IssueCertificate(CaRequest(names.intermediate), key_, &root_, root_key_)),
      server_([this](net::Fd fd, int) { Serve(std::move(fd)); }) {}

void Authority::Serve(net::Fd fd) {
  RelaySide side(std::move(fd), nullptr);
  const std::string head = side.ReadHead();
  std::string body;
  if (head.starts_with("GET /list.crl ")) {
    ++list_requests_;
    body = list_;
  }
  if (head.starts_with("GET /issuer.cer ")) body = AsText(intermediate_.Der());
  side.SendText(fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                            body.empty() ? "404 Not Found" : "200 OK", body.size(), body));
  side.AtEnd();
}

net::Certificate Authority::Issue(const net::PrivateKey& key, const Wish& wish) const {
  const std::string here = fmt::format("http://127.0.0.1:{}", server_.port());
  return net::IssueCertificate({.common_name = wish.name,
                                .names = {wish.name},
                                .not_before = Now() + wish.begins,
                                .not_after = Now() + wish.ends,
                                .issuer_url = wish.with_issuer_url ? here + "/issuer.cer" : "",
                                .crl_url = wish.with_list ? here + "/list.crl" : ""},
                               key, &intermediate_, key_);
}

TestTls Authority::Tls(const net::Certificate& leaf, const net::PrivateKey& key, bool whole) const {
  net::TlsServerOptions options{.chain = {leaf},
                                .key = key,
                                .meta_certificate = std::nullopt,
                                .accept_sni = {},
                                .versions = net::TlsVersions::kFrom12};
  if (whole) options.chain.push_back(intermediate_);
  return {net::TlsServerContext::Make(std::move(options)).value(), "", leaf.Sha256Hex()};
}

std::shared_ptr<const net::RootStore> Authority::Roots() const {
  return net::RootStore::Only(net::ToPem(root_)).value();
}

void Authority::Publish(const std::vector<net::Certificate>& revoked, Duration next_update) {
  list_ = MakeRevocationList({.revoked = revoked,
                              .this_update = Now() - std::chrono::hours(2),
                              .next_update = Now() + next_update},
                             intermediate_, key_);
}

}  // namespace derp::test
