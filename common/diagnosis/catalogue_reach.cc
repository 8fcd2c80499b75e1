#include "common/diagnosis/catalogue_parts.h"

namespace derp::diagnosis {

namespace {

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;
constexpr Severity kInfo = Severity::kInfo;

// code, severity, means, decided, causes, check, fix, see also, stage
constexpr CatalogueEntry kEntries[] = {
    {"dns.not_found", kError, "clients cannot find the relay: its name does not exist",
     "the resolver says that there is no such name (NXDOMAIN)",
     "a typing error in the map / the record was removed / the domain expired", "dig HOST",
     "create the record, or correct HostName, or write the addresses into the map",
     "dns.no_address, map.no_literal_address", Stage::kDns},
    {"dns.no_address", kError, "clients cannot find the relay: its name has no address",
     "the name exists, but has no address of a family that the map leaves on",
     "only an AAAA record while IPv6 is \"none\", or the reverse / only other records",
     "dig HOST A; dig HOST AAAA", "create the record or change the map", "dns.not_found",
     Stage::kDns},
    {"dns.timeout", kError, "clients behind this resolver cannot find the relay",
     "the resolver gave no answer in time; it is named", "resolver down / DNS filtered on the way",
     "dig HOST; dig @9.9.9.9 HOST",
     "repair the resolver, or write the relay's addresses into the map",
     "dns.server_failure, map.no_literal_address", Stage::kDns},
    {"dns.server_failure", kError, "clients behind this resolver cannot find the relay",
     "the resolver answered SERVFAIL or REFUSED",
     "the zone's servers are down / DNSSEC is broken / the resolver does not serve us",
     "dig HOST; dig +cd HOST", "repair the zone, or write the relay's addresses into the map",
     "dns.timeout", Stage::kDns},
    {"dns.literal_differs", kWarning,
     "clients use the map's address, everyone else the name's; one of them may be old",
     "the map's literal address is not among the addresses of the name",
     "the relay moved and one of the two was not changed", "dig HOST", "make the map and DNS agree",
     "map.shared_address", Stage::kDns},

    {"tcp.refused", kError, "nobody listens on the relay's port",
     "the connection attempt was answered with a reset",
     "relay stopped / wrong port in the map / a firewall that rejects", "ss -ltnp (on the relay)",
     "start the relay, or correct DERPPort in the map", "tcp.timeout, stun.refused", Stage::kTcp},
    {"tcp.timeout", kError, "clients wait in vain for a connection",
     "no answer to the connection attempts within the deadline",
     "a firewall drops them / machine down / wrong address", "nc -vz -w 3 ADDRESS PORT",
     "open the port on host and cloud firewall, or correct the map",
     "tcp.refused, node.unreachable", Stage::kTcp},
    {"tcp.unreachable", kError, "the network knows no way to the relay",
     "a router or the kernel reported that the address cannot be reached, while this machine has a "
     "route for the family",
     "wrong address / routing error at the relay's provider", "ip route get ADDRESS; mtr ADDRESS",
     "correct the address in the map, or have the route repaired", "tcp.timeout, prober.no_ipv6",
     Stage::kTcp},
    {"node.unreachable", kError, "the machine does not answer at all",
     "TCP and STUN are silent on every address the map gives, while other nodes answer",
     "machine down / everything filtered / wrong addresses", "ping ADDRESS; nc -vz ADDRESS PORT",
     "start the machine, open its ports, or correct its addresses in the map",
     "tcp.timeout, stun.no_reply, prober.offline", Stage::kTcp},

    {"tls.not_tls", kError, "something else than a relay listens on this port",
     "the first bytes received are no TLS; the fact shows them",
     "a plain HTTP or SSH server on the port / the relay runs without TLS / wrong port",
     "curl -sv http://HOST:PORT/", "correct the port in the map, or give the relay its certificate",
     "http.not_derp", Stage::kTls},
    {"tls.reset", kError, "clients are cut off while they set up TLS",
     "the connection was reset or closed after the ClientHello, also without a server name and "
     "with "
     "TLS 1.2",
     "a proxy or load balancer without a backend / an accept limit / a filter on the way",
     "openssl s_client -connect HOST:PORT -servername HOST",
     "look at what stands in front of the relay, and at its log",
     "tls.sni_blocked, tls.version_blocked", Stage::kTls},
    {"tls.sni_blocked", kError, "something on the way filters this server name",
     "TLS with the name is cut off, TLS without it works on the same address",
     "a firewall that filters names", "openssl s_client -connect ADDRESS:PORT -noservername",
     "have the name allowed, or use another name or an address without a name",
     "tls.reset, tls.sni_refused", Stage::kTls},
    {"tls.sni_refused", kError, "the relay has no certificate for this name",
     "it answered the name with the alert unrecognized_name or internal_error",
     "derper's -hostname is another name / HostName in the map is wrong",
     "openssl s_client -connect ADDRESS:PORT -servername HOST",
     "make HostName in the map and -hostname of the relay equal", "cert.name_mismatch",
     Stage::kTls},
    {"tls.version_blocked", kError, "something on the way filters TLS 1.3",
     "TLS 1.3 is reset or silent, TLS 1.2 works on the same address",
     "an old firewall or inspection box", "openssl s_client -connect HOST:PORT -tls1_2",
     "have TLS 1.3 allowed, or go round the box", "tls.reset, tls.version", Stage::kTls},
    {"tls.timeout", kError, "clients wait in vain while they set up TLS",
     "the connection stands, but the ClientHello was never answered",
     "relay hangs or is overloaded / a filter swallows the ClientHello",
     "openssl s_client -connect HOST:PORT", "look at the relay's load and log", "tls.reset",
     Stage::kTls},
    {"tls.alert", kError, "the relay refuses to speak TLS with clients",
     "it ended the handshake with an alert; the fact names it",
     "no common version or cipher / it demands a client certificate",
     "openssl s_client -connect HOST:PORT", "correct the TLS settings of what answers there",
     "tls.sni_refused", Stage::kTls},
    {"tls.version", kInfo, "clients need one round trip more and get no meta certificate",
     "the relay speaks TLS 1.2 only", "an old relay or proxy / TLS 1.3 switched off",
     "openssl s_client -connect HOST:PORT -tls1_3", "allow TLS 1.3", "cert.meta_missing",
     Stage::kTls},
};

}  // namespace

std::span<const CatalogueEntry> ReachEntries() { return kEntries; }

}  // namespace derp::diagnosis
