#include "common/diagnosis/catalogue_parts.h"

namespace derp::diagnosis {

namespace {

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;
constexpr Severity kInfo = Severity::kInfo;
constexpr Stage kCert = Stage::kCert;
constexpr std::string_view kShowCertificate =
    "openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -text";
constexpr std::string_view kShowDates =
    "openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates";
constexpr std::string_view kShowHash =
    "openssl s_client -connect HOST:PORT </dev/null | openssl x509 -outform der | sha256sum";
constexpr std::string_view kShowChain = "openssl s_client -connect HOST:PORT -showcerts </dev/null";

// code, severity, means, decided, causes, check, fix, see also, stage
constexpr CatalogueEntry kEntries[] = {
    {"cert.expired", kError, "clients refuse this relay: its certificate's end date has passed",
     "\"not after\" lies before the prober's clock, and the relay's Date header does not "
     "contradict",
     "renewal stopped / renewed but not reloaded / old machine behind the name", kShowDates,
     "renew, reload; if pinned, the new pin goes into the map first", "cert.expiring, prober.clock",
     kCert},
    {"cert.not_yet_valid", kError, "clients refuse this relay: its certificate begins later",
     "\"not before\" lies after the prober's clock",
     "the issuing machine's clock is wrong / the prober's clock is wrong", kShowDates,
     "correct the clocks, or wait", "prober.clock", kCert},
    {"cert.expiring_soon", kError, "clients will refuse this relay within days",
     "less than a tenth of the certificate's life or 7 days are left, whichever is shorter",
     "renewal stopped / renewed but not reloaded", kShowDates,
     "renew now and reload; if pinned, the new pin goes into the map first",
     "cert.expiring, cert.expired", kCert},
    {"cert.expiring", kWarning, "renewal is late; clients will refuse the relay after the end date",
     "less than a third of the certificate's life or 30 days are left, whichever is shorter",
     "renewal stopped / a self-signed certificate nears its end", kShowDates,
     "see that renewal works; if pinned, the new pin goes into the map first", "cert.expiring_soon",
     kCert},
    {"cert.name_mismatch", kError, "clients refuse this relay: its certificate is for another name",
     "the chain is trusted, but none of the certificate's names is the expected one",
     "wrong certificate installed / wrong HostName or CertName in the map", kShowCertificate,
     "install a certificate for the name, or correct the map", "tls.sni_refused", kCert},
    {"cert.unknown_issuer", kError, "clients refuse this relay: they do not trust the issuer",
     "the chain ends at an issuer that is in no store of trust here",
     "a private authority / an intermediate is missing and cannot be fetched", kShowChain,
     "use a public authority or a self-signed certificate with its pin in the map",
     "cert.incomplete_chain, cert.self_signed", kCert},
    {"cert.incomplete_chain", kError, "clients refuse this relay: an intermediate is missing",
     "the chain is trusted once what the certificate names as its issuer is added",
     "only the leaf was installed, not the full chain", kShowChain,
     "install the full chain (with ACME clients: fullchain.pem)", "cert.unknown_issuer", kCert},
    {"cert.self_signed", kError, "clients refuse this relay: its certificate is self-signed",
     "it is its own issuer, no store of trust holds it, and the map gives no pin",
     "a relay with an address instead of a name / a test certificate", kShowHash,
     "put the pin the advice gives into CertName of the node in the map",
     "cert.pin_mismatch, map.insecure", kCert},
    {"cert.pin_mismatch", kError, "clients refuse this relay: it shows another certificate",
     "the SHA-256 of the certificate differs from the pin in the map; both are shown",
     "a new certificate whose pin did not reach the map / another machine answers", kShowHash,
     "put the new pin into the map, if the certificate is the relay's own",
     "cert.self_signed, map.bad_pin", kCert},
    {"cert.pin_chain", kError,
     "clients refuse this relay: a pinned relay must send one certificate",
     "the node is pinned, and more than one certificate came (meta certificate aside)",
     "a chain installed where the map pins the leaf", kShowChain,
     "install the leaf alone, or remove the pin", "cert.pin_mismatch", kCert},
    {"cert.revoked", kError,
     "careful clients refuse this relay: its issuer revoked the certificate",
     "its number is in the issuer's revocation list", "key lost or replaced", kShowCertificate,
     "get a new certificate and reload", "cert.crl_unavailable", kCert},
    {"cert.crl_unavailable", kInfo, "it is not known whether the certificate was revoked",
     "the revocation list it names could not be fetched, or is out of date",
     "the issuer's server is down / a private address where only public ones are asked",
     "curl -sSI CRL-URL", "nothing; it is tried again (an error with -crl hard)", "cert.revoked",
     kCert},
    {"cert.intercepted", kError, "something on the way opens the connection",
     "the chain cannot be verified, and its issuer is a known inspection box",
     "a company proxy / an antivirus program", kShowCertificate,
     "exempt the relay's name from inspection", "prober.tls_intercepted", kCert},
    {"cert.unverified", kInfo, "nobody knows who answered here",
     "the map says InsecureForTests, so nothing was checked", "a test setting",
     "look at the node's InsecureForTests", "remove it from the map", "map.insecure", kCert},
    {"cert.meta_missing", kInfo, "clients need one round trip more: no fast start",
     "TLS 1.3 came without the relay's meta certificate",
     "a proxy ends TLS in front of the relay / another relay program", kShowChain,
     "let TLS end at the relay", "cert.meta_differs, tls.version", kCert},
    {"cert.meta_differs", kError, "clients with fast start cannot log in",
     "the key in the meta certificate is not the key of the relay's greeting",
     "a load balancer over several relays / a relay with a changed key and an old certificate",
     kShowChain, "send each connection to one relay as a whole", "derp.several_keys", kCert},
};

}  // namespace

std::span<const CatalogueEntry> CertEntries() { return kEntries; }

}  // namespace derp::diagnosis
