// What certificate authorities publish: revocation lists and their own certificates, fetched from
// where certificates say, and shared by all walks (derpprobe.md 5.4). Whoever made a certificate
// chose the addresses, so: plain HTTP, no redirects, no proxy, 10 MiB, and public addresses only
// unless the relay itself is in a private network. Any thread.
#pragma once

#include <memory>
#include <string>

#include "common/diagnosis/trust/crl_mode.h"
#include "common/diagnosis/trust/shared_fetch.h"
#include "common/net/resolver.h"
#include "common/net/revocation_list.h"

namespace derp::diagnosis {

class Authorities {
 public:
  // `clock` and `resolver` outlive this.
  Authorities(const Clock& clock, net::Resolver& resolver, CrlMode mode);

  CrlMode mode() const { return mode_; }

  struct Place {
    std::string url;
    bool may_be_private = false;  // the relay that named it is in a private network
  };
  // How long to wait for what is not at hand: `patience` after the fetch began, and not beyond
  // `deadline`.
  struct Wait {
    Duration patience{};
    TimePoint deadline;
  };

  // The list at `place`, signed by `issuer`. Kept until its next update, at least an hour.
  Expected<std::shared_ptr<const net::RevocationList>, Error> List(const Place& place,
                                                                   const net::Certificate& issuer,
                                                                   const Wait& wait);

  // The certificates at `place` (one in DER, or PEM). Kept for an hour.
  Expected<std::shared_ptr<const net::CertificateChain>, Error> Issuers(const Place& place,
                                                                        const Wait& wait);

 private:
  Expected<std::string, Error> Fetch(const Place& place) const;

  const Clock& clock_;
  net::Resolver& resolver_;
  const CrlMode mode_;
  SharedFetch<net::RevocationList> lists_;
  SharedFetch<net::CertificateChain> issuers_;
};

}  // namespace derp::diagnosis
