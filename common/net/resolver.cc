#include "common/net/resolver.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

#include "common/base/mutex.h"
#include "common/net/dns_reason.h"
#include "common/net/hosts_file.h"
#include "common/net/sockets.h"

namespace derp::net {
namespace {

constexpr std::size_t kMaxName = 254;  // RFC 1035 2.3.4, with a final dot
constexpr auto kIdleThread = std::chrono::seconds(5);

DnsError Failure(DnsFailure failure, const std::string& name, std::string_view server,
                 std::string_view words) {
  std::string text = "lookup " + name;
  if (!server.empty()) text += " on " + std::string(server);
  return DnsError{failure, text + ": " + std::string(words)};
}

std::string_view WordsFor(DnsFailure failure) {
  switch (failure) {
    case DnsFailure::kNotFound:
      return "no such host";
    case DnsFailure::kNoAddress:
      return "no address of this family";
    case DnsFailure::kTimeout:
      return "i/o timeout";
    case DnsFailure::kServerFailure:
      return "server misbehaving";
    case DnsFailure::kOther:
      break;
  }
  return "temporary failure in name resolution";
}

// getaddrinfo says "try again" for silence and for a server's failure alike; the servers tell.
DnsError Explain(const std::string& name, int error, AddressFamily family, TimePoint deadline) {
  switch (error) {
    case EAI_NONAME:
      return Failure(DnsFailure::kNotFound, name, "", WordsFor(DnsFailure::kNotFound));
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return Failure(DnsFailure::kNoAddress, name, "", WordsFor(DnsFailure::kNoAddress));
    case EAI_AGAIN:
    case EAI_FAIL:
      break;
    default:
      return Failure(DnsFailure::kOther, name, "", ::gai_strerror(error));
  }
  const DnsReason reason = AskDnsServers(name, family, deadline);
  const DnsFailure failure = reason.failure.value_or(DnsFailure::kOther);
  return Failure(failure, name, reason.server, WordsFor(failure));
}

// IPv4 first, each family in the system's order, nothing twice.
std::vector<IpAddress> Arrange(const std::vector<IpAddress>& found) {
  std::vector<IpAddress> arranged;
  for (const bool v4 : {true, false}) {
    for (const IpAddress& ip : found) {
      const bool known = std::find(arranged.begin(), arranged.end(), ip) != arranged.end();
      if (ip.is_v4() == v4 && !known) arranged.push_back(ip);
    }
  }
  return arranged;
}

// One lookup, shared by who waits for it and the thread that makes it.
struct Pending {
  Mutex mutex;
  CondVar changed;
  std::optional<SystemLookup> result DERP_GUARDED_BY(mutex);
};

}  // namespace

// Outlives the resolver as long as a lookup hangs. Threads that have nothing to do wait for more,
// because a thread costs more than a lookup from a file or a cache.
struct SystemResolver::State {
  Lookup lookup;
  SystemClock clock;
  std::optional<HostsFile> hosts;
  Mutex mutex;
  CondVar wake;
  std::deque<std::function<void()>> queue DERP_GUARDED_BY(mutex);
  int pending DERP_GUARDED_BY(mutex) = 0;  // queued or under way
  std::size_t idle DERP_GUARDED_BY(mutex) = 0;
  bool closing DERP_GUARDED_BY(mutex) = false;

  void Run();
};

void SystemResolver::State::Run() {
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex);
      ++idle;
      const TimePoint until = SystemClock().Now() + kIdleThread;
      while (queue.empty() && !closing && wake.WaitUntil(mutex, until)) {
      }
      --idle;
      if (queue.empty()) return;
      work = std::move(queue.front());
      queue.pop_front();
    }
    work();
  }
}

SystemLookup LookupBySystem(const std::string& name, std::optional<AddressFamily> family) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_UNSPEC;
  if (family) hints.ai_family = *family == AddressFamily::kIpv4 ? AF_INET : AF_INET6;
  addrinfo* list = nullptr;
  SystemLookup found;
  found.error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  if (found.error != 0) return found;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    sockaddr_storage storage{};
    if (item->ai_addrlen > sizeof storage) continue;
    std::memcpy(&storage, item->ai_addr, item->ai_addrlen);
    if (const auto address = FromSockaddr(storage)) found.addresses.push_back(address->ip);
  }
  ::freeaddrinfo(list);
  return found;
}

SystemResolver::SystemResolver() : SystemResolver(LookupBySystem) {
  state_->hosts.emplace(state_->clock);
}

SystemResolver::SystemResolver(Lookup lookup) : state_(std::make_shared<State>()) {
  state_->lookup = std::move(lookup);
}

SystemResolver::~SystemResolver() {
  const MutexLock lock(state_->mutex);
  state_->closing = true;
  state_->wake.NotifyAll();
}

std::optional<DnsError> SystemResolver::Begin(const std::string& name, std::function<void()> work) {
  const MutexLock lock(state_->mutex);
  if (state_->pending >= kMaxPending) {
    return Failure(DnsFailure::kOther, name, "", "too many lookups hang");
  }
  state_->queue.push_back(std::move(work));
  if (state_->idle < state_->queue.size()) {
    try {
      // getaddrinfo cannot be interrupted, so nobody joins this thread.
      std::thread([state = state_] { state->Run(); }).detach();
    } catch (const std::system_error&) {
      state_->queue.pop_back();
      return Failure(DnsFailure::kOther, name, "", "no thread for the lookup");
    }
  }
  ++state_->pending;
  state_->wake.NotifyOne();
  return std::nullopt;
}

Expected<SystemLookup, DnsError> SystemResolver::RunLookup(const std::string& name,
                                                           std::optional<AddressFamily> family,
                                                           TimePoint deadline) {
  auto pending = std::make_shared<Pending>();
  auto work = [state = state_, pending, name, family] {
    SystemLookup found = state->lookup(name, family);
    {
      MutexLock lock(state->mutex);
      --state->pending;
    }
    MutexLock lock(pending->mutex);
    pending->result = std::move(found);
    pending->changed.NotifyAll();
  };
  if (auto refused = Begin(name, std::move(work))) return Fail(std::move(*refused));
  MutexLock lock(pending->mutex);
  while (!pending->result) {
    if (!pending->changed.WaitUntil(pending->mutex, deadline) && !pending->result) {
      return Fail(Failure(DnsFailure::kTimeout, name, "", WordsFor(DnsFailure::kTimeout)));
    }
  }
  return std::move(*pending->result);
}

Expected<std::vector<IpAddress>, DnsError> SystemResolver::Resolve(
    std::string_view name, std::optional<AddressFamily> family, TimePoint deadline) {
  const std::string host(name);
  if (const auto literal = IpAddress::Parse(name)) {
    if (family && literal->family() != *family) {
      return Fail(Failure(DnsFailure::kNoAddress, host, "", WordsFor(DnsFailure::kNoAddress)));
    }
    return std::vector<IpAddress>{*literal};
  }
  const bool shaped =
      !name.empty() && name.size() <= kMaxName && name.find('\0') == std::string_view::npos;
  if (!shaped) return Fail(Failure(DnsFailure::kNotFound, host, "", "no such host"));
  if (state_->hosts) {
    if (auto known = state_->hosts->Find(name, family)) return std::move(*known);
  }
  auto found = RunLookup(host, family, deadline);
  if (!found) return Fail(found.error());
  if (found->error != 0) {
    return Fail(Explain(host, found->error, family.value_or(AddressFamily::kIpv4), deadline));
  }
  auto addresses = Arrange(found->addresses);
  if (addresses.empty()) {
    return Fail(Failure(DnsFailure::kNoAddress, host, "", WordsFor(DnsFailure::kNoAddress)));
  }
  return addresses;
}

}  // namespace derp::net
