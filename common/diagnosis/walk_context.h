// What every stage of a walk needs to know and to use, and how long each may take (findings.md
// rule 12). Plain data; the referenced services outlive every walk and are safe in any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/diagnosis/trust/crl_mode.h"
#include "common/net/peer_verification.h"
#include "common/net/resolver.h"
#include "common/net/tls_context.h"

namespace derp::diagnosis {

class Authorities;

// At most this long, and never beyond the walk's own deadline.
struct StageCaps {
  Duration walk = std::chrono::seconds(25);
  Duration dns = std::chrono::seconds(5);
  Duration tcp = std::chrono::seconds(3);
  Duration tls = std::chrono::seconds(5);
  Duration cert = std::chrono::seconds(2);  // for what authorities publish
  Duration http = std::chrono::seconds(5);
  Duration derp = std::chrono::seconds(5);
  Duration relay = std::chrono::seconds(5);
  Duration stun = std::chrono::seconds(3);
  Duration mesh = std::chrono::seconds(10);
};

// Which stages are due (derpprobe.md 12.3), and how thorough they are; -once asks for all.
struct StagesAsked {
  bool tls = true;   // dns to cert
  bool stun = true;  // stun
  bool mesh = true;  // http to mesh, and what they need before
  bool side = true;  // port80 and latency
  bool ws = true;
  bool admission = false;  // -check-admission
  int greetings = 2;       // connections whose greeting is compared (rule 9); at least 2
  Duration idle{};         // -idle-check; zero: off
};

struct WalkContext {
  const Clock& clock;
  RandomSource& random;
  net::Resolver& resolver;
  std::shared_ptr<const net::RootStore> roots;
  std::shared_ptr<const net::TlsClientContext> tls;         // 1.2 and 1.3
  std::shared_ptr<const net::TlsClientContext> tls12_only;  // to tell tls.version_blocked
  StageCaps caps{};
  bool has_ipv4 = true;  // routes of this machine
  bool has_ipv6 = true;
  std::optional<NodePrivate> node_key{};  // -key-file: a key that closed relays admit
  // Revocation lists and missing intermediates; null: nobody looks.
  std::shared_ptr<Authorities> authorities{};
  // Added to the wall clock where certificates are judged: a relay's Date showed that it is wrong.
  Duration clock_offset{};

  WallTime WallNow() const { return clock.WallNow() + clock_offset; }
  std::uint16_t web_port = 80;  // where /generate_204 is asked for
};

// The usual one: system roots, routes as they are now. The arguments outlive it.
WalkContext MakeWalkContext(const Clock& clock, RandomSource& random, net::Resolver& resolver,
                            CrlMode crl = CrlMode::kSoft);

}  // namespace derp::diagnosis
