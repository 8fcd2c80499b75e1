#include "derper/web/bootstrap_lookup.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/go_number.h"
#include "common/base/mutex.h"
#include "common/base/text.h"
#include "common/net/txt_lookup.h"

namespace derp::relay {
namespace {

constexpr auto kListBudget = std::chrono::minutes(1);   // for all names of a list
constexpr auto kNameBudget = std::chrono::seconds(10);  // so that one dead name leaves time

std::map<std::string, BootstrapFound> LookupAll(const std::vector<BootstrapName>& names,
                                                const BootstrapSources& sources,
                                                const Logger& logger) {
  const SystemClock clock;
  const TimePoint end = clock.Now() + kListBudget;
  std::map<std::string, BootstrapFound> all;
  for (const BootstrapName& item : names) {
    const auto deadline = [&] { return std::min<TimePoint>(end, clock.Now() + kNameBudget); };
    BootstrapFound found;
    auto addresses = sources.resolver->Resolve(item.name, std::nullopt, deadline());
    if (addresses) {
      found.addresses = std::move(*addresses);
    } else {
      logger.Warn("bootstrap DNS lookup {}: {}", GoQuote(item.name), addresses.error().text);
    }
    if (!item.share_name.empty()) {
      const auto texts = sources.texts(item.share_name, deadline());
      if (!texts) {
        logger.Warn("bootstrap DNS lookup {}: {}", GoQuote(item.share_name), texts.error().text);
      }
      found.share = texts ? ParseShare(*texts) : 0;
    }
    all[item.name] = std::move(found);
  }
  return all;
}

}  // namespace

std::vector<BootstrapName> ParseBootstrapNames(std::string_view list) {
  std::vector<BootstrapName> names;
  for (const std::string_view item : Split(list, ',')) {
    const std::string_view text = TrimSpace(item);
    const std::size_t slash = text.find('/');
    const std::string_view name = TrimSpace(text.substr(0, slash));
    if (name.empty()) continue;
    BootstrapName entry{.name = std::string(name)};
    if (slash != std::string_view::npos) {
      entry.share_name = TrimSpace(text.substr(slash + 1));
    }
    names.push_back(std::move(entry));
  }
  return names;
}

double ParseShare(const std::vector<std::string>& texts) {
  double share = 0;
  for (const std::string& text : texts) {
    const auto percent = ParseGoInt(text);
    if (percent && *percent >= 0 && *percent <= 100) share = static_cast<double>(*percent) / 100;
  }
  return share;
}

BootstrapSources SystemBootstrapSources() {
  return {.resolver = std::make_shared<net::SystemResolver>(),
          .texts = [](const std::string& name, TimePoint deadline) {
            return net::LookupTxt(name, deadline);
          }};
}

// What a round needs that may go on after the owner is gone.
struct BootstrapLookup::Shared {
  Shared(BootstrapNames wanted, BootstrapSources where)
      : names(std::move(wanted)), sources(std::move(where)) {}
  const BootstrapNames names;
  const BootstrapSources sources;
  Mutex mutex;
  BootstrapLookup* owner DERP_GUARDED_BY(mutex) = nullptr;
  net::EventLoop* loop DERP_GUARDED_BY(mutex) = nullptr;
  // Lines of a lookup; none once the owner, and with it perhaps the logger, is gone.
  const Logger* logger DERP_GUARDED_BY(mutex) = nullptr;
};

BootstrapLookup::BootstrapLookup(net::EventLoop& loop, const Logger& logger, BootstrapNames names,
                                 BootstrapSources sources, Done done, Duration interval)
    : interval_(interval),
      done_(std::move(done)),
      shared_(std::make_shared<Shared>(std::move(names), std::move(sources))),
      timer_(loop, [this] { BeginRound(); }) {
  const MutexLock lock(shared_->mutex);
  shared_->owner = this;
  shared_->loop = &loop;
  shared_->logger = &logger;
}

BootstrapLookup::~BootstrapLookup() {
  const MutexLock lock(shared_->mutex);
  shared_->owner = nullptr;
  shared_->loop = nullptr;
  shared_->logger = nullptr;
}

void BootstrapLookup::Start() { BeginRound(); }

void BootstrapLookup::BeginRound() {
  // Nobody joins it: a lookup cannot be interrupted.
  const auto round = [shared = shared_] {
    const Logger logger([shared](LogLevel level, std::string_view text) {
      const MutexLock lock(shared->mutex);
      if (shared->logger != nullptr) shared->logger->Write(level, text);
    });
    BootstrapFindings findings{
        .published = LookupAll(shared->names.published, shared->sources, logger),
        .unpublished = LookupAll(shared->names.unpublished, shared->sources, logger)};
    const MutexLock lock(shared->mutex);
    if (shared->loop == nullptr) return;
    shared->loop->Post([weak = std::weak_ptr(shared), found = std::move(findings)] {
      const auto still = weak.lock();
      if (!still) return;
      BootstrapLookup* owner = nullptr;
      {
        const MutexLock owner_lock(still->mutex);
        owner = still->owner;
      }
      if (owner != nullptr) owner->FinishRound(found);
    });
  };
  try {
    std::thread(round).detach();
  } catch (const std::system_error&) {
    timer_.Start(interval_);  // no thread to be had; the answers so far stay
  }
}

void BootstrapLookup::FinishRound(BootstrapFindings findings) {
  done_(std::move(findings));
  timer_.Start(interval_);
}

}  // namespace derp::relay
