#include "derper/web/bootstrap_dns.h"

#include "common/http/url.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMostQueried = 500;
constexpr std::size_t kLongestName = 255;  // RFC 1035; strangers choose what is kept here.

}  // namespace

http::Response BootstrapDns::Handle(const http::Request& request) {
  ++requests_;
  const std::string name = http::QueryValue(request.query, "q");
  if (!name.empty()) {
    ++misses_;
    if (queried_.size() >= kMostQueried) queried_.clear();
    if (name.size() <= kLongestName) queried_.insert(name);
  }
  http::Response response;
  http::AddBrowserHeaders(response.headers);
  response.headers.Set("Content-Type", "application/json");
  return response;
}

void BootstrapDns::Collect(std::vector<metrics::Family>& out) const {
  const struct {
    const char* name;
    std::uint64_t value;
  } counters[] = {{"requests", requests_},
                  {"published_hits", 0},
                  {"published_misses", 0},
                  {"unpublished_hits", 0},
                  {"unpublished_misses", misses_},
                  {"unpublished_percent_misses", 0},
                  {"queried_domains", queried_.size()}};
  for (const auto& counter : counters) {
    metrics::Sample sample;
    sample.value = static_cast<double>(counter.value);
    out.push_back({.name = std::string("bootstrap_dns_") + counter.name,
                   .kind = metrics::Kind::kCounter,
                   .help = {},
                   .samples = {std::move(sample)}});
  }
}

}  // namespace derp::relay
