#include "derper/web/bootstrap_dns.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/http/url.h"
#include "derper/web/bootstrap_share.h"

namespace derp::relay {
namespace {

using nlohmann::json;

constexpr std::size_t kMostQueried = 500;
constexpr std::size_t kLongestName = 255;  // RFC 1035; strangers choose what is kept here.

void Add(json& body, const std::string& name, const std::vector<IpAddress>& addresses) {
  json& list = body[name] = json::array();
  for (const IpAddress& address : addresses) list.push_back(address.ToString());
}

std::string Write(const json& body) {
  return body.dump(1, '\t', false, json::error_handler_t::replace);
}

}  // namespace

BootstrapDns::BootstrapDns(const BootstrapNames& names, RandomSource& random)
    : random_(random), published_body_("{}") {
  for (const BootstrapName& item : names.published) published_[item.name];
  for (const BootstrapName& item : names.unpublished) unpublished_[item.name];
}

void BootstrapDns::Update(const BootstrapFindings& findings) {
  Merge(findings.published, published_);
  Merge(findings.unpublished, unpublished_);
  json body = json::object();
  for (const auto& [name, entry] : published_) {
    if (!entry.addresses.empty()) Add(body, name, entry.addresses);
  }
  published_body_ = Write(body);
}

void BootstrapDns::Merge(const std::map<std::string, BootstrapFound>& found, Entries& into) {
  for (const auto& [name, entry] : found) {
    BootstrapFound& kept = into[name];
    kept.share = entry.share;
    if (entry.addresses.empty()) continue;
    kept.addresses = entry.addresses;
    // In any order, so that no family is always tried first.
    for (std::size_t i = kept.addresses.size(); i > 1; --i) {
      std::swap(kept.addresses[i - 1], kept.addresses[random_.U64() % i]);
    }
  }
}

void BootstrapDns::Remember(const std::string& name) {
  if (queried_.size() >= kMostQueried) queried_.clear();
  if (name.size() <= kLongestName) queried_.insert(name);
}

const BootstrapDns::Entries::value_type* BootstrapDns::Choose(const std::string& name,
                                                              const IpAddress& asker) {
  const auto hidden = unpublished_.find(name);
  if (hidden != unpublished_.end() && !hidden->second.addresses.empty()) {
    ++unpublished_hits_;
    if (InShare(asker, hidden->second.share, random_)) return &*hidden;
    ++share_misses_;
  }
  const auto open = published_.find(name);
  if (open == published_.end()) {
    ++unpublished_misses_;
  } else {
    ++(open->second.addresses.empty() ? published_misses_ : published_hits_);
  }
  return nullptr;
}

http::Response BootstrapDns::Handle(const http::Request& request) {
  ++requests_;
  http::Response response;
  http::AddBrowserHeaders(response.headers);
  response.headers.Set("Content-Type", "application/json");
  response.headers.Set("Connection", "close");
  response.body = published_body_;
  const std::string name = http::QueryValue(request.query, "q");
  if (name.empty()) return response;
  Remember(name);
  if (const auto* entry = Choose(name, request.remote.ip)) {
    json body = json::object();
    Add(body, entry->first, entry->second.addresses);
    response.body = Write(body);
  }
  return response;
}

void BootstrapDns::Collect(std::vector<metrics::Family>& out) const {
  const struct {
    const char* name;
    std::uint64_t value;
  } counters[] = {{"requests", requests_},
                  {"published_hits", published_hits_},
                  {"published_misses", published_misses_},
                  {"unpublished_hits", unpublished_hits_},
                  {"unpublished_misses", unpublished_misses_},
                  {"unpublished_percent_misses", share_misses_},
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
