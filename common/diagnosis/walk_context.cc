#include "common/diagnosis/walk_context.h"

#include "common/diagnosis/trust/authorities.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

WalkContext MakeWalkContext(const Clock& clock, RandomSource& random, net::Resolver& resolver,
                            CrlMode crl) {
  return {.clock = clock,
          .random = random,
          .resolver = resolver,
          .roots = net::RootStore::System(),
          .tls = net::TlsClientContext::Make(),
          .tls12_only = net::TlsClientContext::Make(net::TlsVersions::kOnly12),
          .has_ipv4 = net::HasRoute(AddressFamily::kIpv4),
          .has_ipv6 = net::HasRoute(AddressFamily::kIpv6),
          .authorities = std::make_shared<Authorities>(clock, resolver, crl)};
}

}  // namespace derp::diagnosis
