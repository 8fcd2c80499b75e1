#include "common/diagnosis/catalogue_parts.h"

namespace derp::diagnosis {

namespace {

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;
constexpr std::string_view kCurlUpgrade =
    "curl -skvN --http1.1 -H 'Upgrade: DERP' -H 'Connection: Upgrade' https://HOST:PORT/derp";

// code, severity, means, decided, causes, check, fix, see also, stage
constexpr CatalogueEntry kEntries[] = {
    {"http.redirect", kError, "clients do not follow redirects: they cannot use the relay",
     "/derp was answered with a redirect; its target is named", "a proxy that adds a redirect",
     kCurlUpgrade, "let /derp reach the relay unchanged", "http.not_derp", Stage::kHttp},
    {"http.derp_disabled", kError, "this relay serves STUN only",
     "404 in the relay's own words that DERP is off", "derper runs with -derp=false", kCurlUpgrade,
     "remove -derp=false, or mark the node STUNOnly in the map", "http.not_derp", Stage::kHttp},
    {"http.upgrade_stripped", kError, "a proxy in front makes the relay unusable",
     "the upgrade fails, while /derp/probe on the same host answers as a relay does",
     "a proxy drops the Upgrade header / a proxy speaks HTTP/2 to the relay", kCurlUpgrade,
     "have the proxy pass Upgrade and Connection on, or pass TCP through", "http.upgrade_refused",
     Stage::kHttp},
    {"http.upgrade_refused", kError, "clients cannot start to speak DERP",
     "a proper upgrade was answered with 426, 400 or a server error",
     "a proxy without a backend / a relay in trouble", kCurlUpgrade,
     "look at the proxy's and the relay's log", "http.upgrade_stripped", Stage::kHttp},
    {"http.not_derp", kError, "something else than a relay answers here",
     "the answer to the upgrade is one that no relay gives; status, server and first words are "
     "shown",
     "a web server on the port / wrong name or port in the map", kCurlUpgrade,
     "correct the map, or let /derp reach the relay", "tls.not_tls, http.derp_disabled",
     Stage::kHttp},
    {"http.closed", kError, "clients are cut off when they ask for DERP",
     "the connection was closed without an answer to the upgrade",
     "a proxy without a backend / the relay is stopping", kCurlUpgrade,
     "look at the proxy's and the relay's log", "http.timeout", Stage::kHttp},
    {"http.malformed", kError, "what answers here does not speak HTTP",
     "the answer to the upgrade is no HTTP, or its head exceeds the limits",
     "another service behind TLS on this port", kCurlUpgrade, "correct the port in the map",
     "http.not_derp", Stage::kHttp},
    {"http.timeout", kError, "clients wait in vain for DERP",
     "TLS stands, but the upgrade was not answered completely in time",
     "the relay hangs / a proxy waits for its backend", kCurlUpgrade,
     "look at the relay's load and log", "http.closed", Stage::kHttp},

    {"derp.bad_greeting", kError, "what answers here is no relay clients understand",
     "the first frame after the upgrade is not a valid ServerKey",
     "another program on the path / a proxy that changes bytes", kCurlUpgrade,
     "let the connection reach a DERP relay unchanged", "http.not_derp", Stage::kDerp},
    {"derp.greeting_timeout", kError, "clients wait in vain for the relay's greeting",
     "the upgrade succeeded, then nothing came", "a proxy that buffers / the relay hangs",
     kCurlUpgrade, "switch buffering off in the proxy; look at the relay's load",
     "derp.greeting_closed", Stage::kDerp},
    {"derp.greeting_closed", kError, "clients are cut off before the relay's greeting",
     "the upgrade succeeded, then the connection was closed", "a proxy's limit / relay stopping",
     kCurlUpgrade, "look at the proxy's and the relay's log", "derp.greeting_timeout",
     Stage::kDerp},
    {"derp.several_keys", kError, "clients of one node cannot reach each other",
     "connections to the node were greeted with different server keys",
     "a load balancer or several address records over relays that are not one node",
     "repeat: openssl s_client -connect HOST:PORT -showcerts | grep derpkey",
     "enter each relay as a node of its own, and mesh them", "mesh.not_meshed, cert.meta_differs",
     Stage::kDerp},
    {"derp.login_refused", kError, "the relay does not admit a key that it should admit",
     "it closed the connection after a login with the mesh key or the key given",
     "another mesh key on the relay / -verify-clients does not know the key",
     "derper's log: client not authorized", "give relay and prober the same mesh key",
     "admission.closed", Stage::kDerp},
    {"derp.login_timeout", kError, "clients log in and never hear back",
     "no ServerInfo came after the login", "the relay waits for its admission controller",
     "derper's log", "look at -verify-client-url and what it points to", "derp.login_refused",
     Stage::kDerp},
    {"derp.bad_server_info", kError, "clients cannot read the relay's answer to their login",
     "its ServerInfo does not open with the greeting's key, or is no JSON",
     "a load balancer mixes relays / another relay program", "derper's log",
     "let the connection reach one relay unchanged", "derp.several_keys", Stage::kDerp},

    {"relay.lost", kError, "the relay takes packets and does not deliver them",
     "no packet from one of our keys arrived at another on the same relay; tries and time are "
     "given",
     "the relay drops / two relays behind one name that are not meshed",
     "derper's /debug/varz: "
     "derp_packets_dropped by reason",
     "look at the relay's drop counters", "derp.several_keys, relay.loss", Stage::kRelay},
    {"relay.corrupt", kError, "the relay changes packets", "a packet arrived with other bytes",
     "a broken relay program or machine", "repeat: derpprobe -once -region-code REGION",
     "replace the relay; look at its memory", "relay.lost", Stage::kRelay},
    {"relay.loss", kWarning, "clients lose packets on this relay",
     "part of the packets sent did not arrive", "an overloaded relay or line / rate limits",
     "derper's /debug/varz: derp_packets_dropped by reason", "look at the relay's load and limits",
     "relay.lost, mesh.loss", Stage::kRelay},
    {"relay.slow", kWarning, "packets wait in the relay",
     "its time for a packet is more than 3 times the TCP round trip and more than 50 ms above it",
     "an overloaded relay / a proxy that buffers", "derpprobe -once -region-code REGION -v",
     "look at the relay's load", "queue.delay", Stage::kRelay},
    {"relay.closed", kError, "clients are cut off while they use the relay",
     "the other side ended the connection in the middle of the exchange",
     "a proxy's limit / relay restarting / a limit per client", "derper's log",
     "look at the relay's and the proxy's log", "relay.idle_cut", Stage::kRelay},
    {"relay.idle_cut", kError, "clients lose their home connection again and again",
     "an idle connection was cut while the relay's keep-alives should hold it",
     "a proxy's idle time-out below 70 s", "the proxy's idle time-out settings",
     "raise the proxy's idle time-out above 120 s", "relay.closed", Stage::kRelay},

    {"mesh.not_meshed", kError, "clients on these two nodes cannot reach each other",
     "packets passed in neither direction between two nodes of a region",
     "-mesh-with or -mesh-psk-file is missing or differs / the relays cannot reach each other",
     "derper's log: mesh; derper's -mesh-with on both",
     "give both relays the same mesh key and each other's names", "mesh.one_way, derp.several_keys",
     Stage::kMesh},
    {"mesh.one_way", kError, "clients on one node cannot send to clients on the other",
     "packets passed in one direction only; at least 10 s and a packet every 250 ms were given",
     "the sender's -mesh-with lacks the receiver / its mesh connection is down",
     "the sender's log: mesh", "check the sender's -mesh-with entry for the receiver",
     "mesh.not_meshed", Stage::kMesh},
    {"mesh.slow", kWarning, "clients on two nodes find each other late",
     "the first packet arrived later than 2 s after both logins", "a slow or loaded mesh link",
     "derper's /debug/varz", "look at load and distance of the two relays", "mesh.loss",
     Stage::kMesh},
    {"mesh.loss", kWarning, "clients lose packets between two nodes",
     "part of the packets from one node to the other did not arrive",
     "a loaded or lossy line between the relays",
     "derper's /debug/varz: derp_packets_dropped by reason", "look at the line between the relays",
     "relay.loss", Stage::kMesh},
};

}  // namespace

std::span<const CatalogueEntry> SessionEntries() { return kEntries; }

}  // namespace derp::diagnosis
