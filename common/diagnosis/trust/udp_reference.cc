#include "common/diagnosis/trust/udp_reference.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "common/base/mutex.h"
#include "common/base/text.h"
#include "common/diagnosis/poll_loop.h"
#include "common/diagnosis/stage_stun.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

// The exchanges under way, one per family.
struct Exchanges {
  Mutex mutex;
  CondVar finished;
  std::size_t left DERP_GUARDED_BY(mutex) = 0;
  std::vector<StunOutcome> outcomes DERP_GUARDED_BY(mutex);
};

// The first address of each family.
std::vector<IpAddress> Pick(const std::vector<IpAddress>& found) {
  std::vector<IpAddress> picked;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    const auto first = std::find_if(found.begin(), found.end(), [family](const IpAddress& each) {
      return each.family() == family;
    });
    if (first != found.end()) picked.push_back(*first);
  }
  return picked;
}

std::string Describe(const StunOutcome& outcome) {
  if (outcome.refused) return fmt::format("{}: port unreachable", outcome.target.ToString());
  if (outcome.error) return outcome.error->context;
  return fmt::format("no answer to {} requests in {} from {}", outcome.sent,
                     ShortDuration(outcome.duration), outcome.target.ToString());
}

std::optional<std::uint16_t> ParsePort(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

UdpReference AskUdpReference(const std::string& place, const WalkContext& context) {
  UdpReference reference{place, false, {}};
  const auto parts = SplitHostPort(place);
  const auto port = parts ? ParsePort(parts->port) : std::nullopt;
  if (!port) {
    reference.outcome = "no HOST:PORT";
    return reference;
  }
  std::vector<IpAddress> addresses;
  if (const auto literal = IpAddress::Parse(parts->host)) {
    addresses.push_back(*literal);
  } else {
    const auto found =
        context.resolver.Resolve(parts->host, std::nullopt, context.clock.Now() + context.caps.dns);
    if (!found) {
      reference.outcome = PrintablePeerText(found.error().text);
      return reference;
    }
    addresses = Pick(*found);
  }
  const auto exchanges = std::make_shared<Exchanges>();
  PollLoop loop(context.clock);
  {
    const MutexLock lock(exchanges->mutex);
    exchanges->left = addresses.size();
  }
  for (const IpAddress& address : addresses) {
    StartStun(loop, context.clock, context.random, {address, *port}, context.caps.stun,
              [exchanges](StunOutcome outcome) {
                const MutexLock lock(exchanges->mutex);
                exchanges->outcomes.push_back(std::move(outcome));
                if (--exchanges->left == 0) exchanges->finished.NotifyAll();
              });
  }
  const MutexLock lock(exchanges->mutex);
  while (exchanges->left != 0) exchanges->finished.Wait(exchanges->mutex);
  for (const StunOutcome& outcome : exchanges->outcomes) {
    if (!outcome.rtts.empty()) reference.answered = true;
    if (!reference.outcome.empty()) reference.outcome += "; ";
    reference.outcome += outcome.rtts.empty() ? Describe(outcome) : "answers";
  }
  return reference;
}

}  // namespace derp::diagnosis
