#include "common/diagnosis/walk_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/units.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

using Use = derpmap::Node::FamilyUse;

// With a literal at hand nobody waits long for what DNS may add.
constexpr auto kSideLookup = std::chrono::seconds(1);

constexpr AddressFamily kFamilies[] = {AddressFamily::kIpv4, AddressFamily::kIpv6};

std::string_view Word(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? "IPv4" : "IPv6";
}

Finding DnsFinding(const derpmap::Node& node, const net::DnsError& error, Duration waited) {
  const std::string host = PrintablePeerText(node.host_name);
  Finding finding;
  switch (error.failure) {
    case net::DnsFailure::kNotFound:
      finding = MakeFinding("dns.not_found");
      finding.headline = "its name does not exist";
      finding.advice = "create the record, correct HostName, or write addresses into the map";
      break;
    case net::DnsFailure::kNoAddress:
      finding = MakeFinding("dns.no_address");
      finding.headline = "its name has no address";
      finding.advice = "create an A or AAAA record, or write addresses into the map";
      break;
    case net::DnsFailure::kTimeout:
      finding = MakeFinding("dns.timeout");
      finding.headline = "its name could not be looked up in time";
      finding.advice = "repair the resolver, or write the relay's addresses into the map";
      break;
    case net::DnsFailure::kServerFailure:
    case net::DnsFailure::kOther:
      finding = MakeFinding("dns.server_failure");
      finding.headline = "the resolver cannot look its name up";
      finding.advice = "repair the zone or the resolver, or write addresses into the map";
      break;
  }
  finding.fact =
      fmt::format("{} after {}: {}", host, ShortDuration(waited), PrintablePeerText(error.text));
  finding.data["error"] = PrintablePeerText(error.text);
  return finding;
}

class Planner {
 public:
  Planner(const derpmap::Node& node, const WalkContext& context, TimePoint deadline,
          Recorder& recorder)
      : node_(node), context_(context), deadline_(deadline), recorder_(recorder) {}

  bool Run(std::vector<FamilyPlan>& plans) {
    for (const AddressFamily family : kFamilies) plans.push_back(FromMap(family));
    const bool has_literal = std::any_of(
        plans.begin(), plans.end(), [](const FamilyPlan& plan) { return !plan.addresses.empty(); });
    // A name beside literals is looked up to see whether the two agree.
    const bool compare = has_literal && !IpAddress::Parse(node_.host_name);
    if (!ask_.empty() || compare) {
      LookUp(plans, has_literal);
    } else if (has_literal) {
      recorder_.Skip(Stage::kDns, {}, "literal");
    } else {
      NoFamilyLeft();
    }
    const bool any = std::any_of(plans.begin(), plans.end(),
                                 [](const FamilyPlan& plan) { return !plan.addresses.empty(); });
    if (any) {
      for (FamilyPlan& plan : plans) DropUnrouted(plan);
    }
    return any;
  }

 private:
  FamilyPlan FromMap(AddressFamily family) {
    FamilyPlan plan;
    plan.family = family;
    const auto host_literal = IpAddress::Parse(node_.host_name);
    switch (node_.Use(family)) {
      case Use::kOff:
        plan.skip_reason = "map says none";
        return plan;
      case Use::kLiteral:
        if (const auto literal = node_.Literal(family)) plan.addresses.push_back(*literal);
        return plan;
      case Use::kResolve:
        break;
    }
    if (!host_literal) {
      ask_.push_back(family);
    } else if (host_literal->family() == family) {
      plan.addresses.push_back(*host_literal);
    } else {
      plan.skip_reason = fmt::format("HostName is an {} address", Word(host_literal->family()));
    }
    return plan;
  }

  void NoFamilyLeft() {
    Finding finding = MakeFinding("dns.no_address");
    finding.headline = "no family is left to reach it by";
    finding.fact = "the map switches off IPv4 and IPv6";
    finding.advice = "give the node an address, or leave IPv4 or IPv6 empty";
    recorder_.Decide(Stage::kDns, {}, {}, std::move(finding));
  }

  // A missing AAAA beside an A is nothing, and what DNS adds to a literal is welcome, no more.
  void LookUp(std::vector<FamilyPlan>& plans, bool has_literal) {
    const TimePoint start = context_.clock.Now();
    const Duration cap =
        has_literal ? std::min<Duration>(kSideLookup, context_.caps.dns) : context_.caps.dns;
    std::optional<AddressFamily> family;
    if (ask_.size() == 1 && !has_literal) family = ask_.front();
    const auto found =
        context_.resolver.Resolve(node_.host_name, family, std::min(deadline_, start + cap));
    const Duration took = context_.clock.Now() - start;
    for (FamilyPlan& plan : plans) {
      if (std::find(ask_.begin(), ask_.end(), plan.family) == ask_.end()) continue;
      if (found) {
        for (const IpAddress& address : *found) {
          if (address.family() == plan.family) plan.addresses.push_back(address);
        }
      }
      if (plan.addresses.empty()) {
        plan.skip_reason = fmt::format("name has no {} address", Word(plan.family));
      }
    }
    const bool any = std::any_of(plans.begin(), plans.end(),
                                 [](const FamilyPlan& plan) { return !plan.addresses.empty(); });
    if (has_literal) {
      if (!found || !CompareLiterals(*found, took)) recorder_.Skip(Stage::kDns, {}, "literal");
    } else if (any) {
      recorder_.Ok(Stage::kDns, {}, took);
    } else {
      const net::DnsError nothing{net::DnsFailure::kNoAddress, "no address"};
      recorder_.Decide(Stage::kDns, {}, took,
                       DnsFinding(node_, found ? nothing : found.error(), took));
    }
  }

  // True when a literal is not among the name's addresses of its family, if it has any.
  bool CompareLiterals(const std::vector<IpAddress>& found, Duration took) {
    for (const AddressFamily family : kFamilies) {
      const auto literal = node_.Literal(family);
      std::vector<std::string> others;
      for (const IpAddress& address : found) {
        if (address.family() == family) others.push_back(address.ToString());
      }
      if (!literal || others.empty()) continue;
      if (std::find(others.begin(), others.end(), literal->ToString()) != others.end()) continue;
      if (others.size() > 4) others.resize(4);
      Finding finding = MakeFinding("dns.literal_differs");
      finding.headline = "map and DNS disagree about its address";
      finding.fact = fmt::format("the map says {}, {} resolves to {}", literal->ToString(),
                                 PrintablePeerText(node_.host_name), fmt::join(others, ", "));
      finding.advice = "make the map and DNS agree";
      finding.families = {family};
      recorder_.Decide(Stage::kDns, {}, took, std::move(finding));
      return true;
    }
    return false;
  }

  // Without a route to the world a network of one's own may still be reached.
  void DropUnrouted(FamilyPlan& plan) const {
    const bool v4 = plan.family == AddressFamily::kIpv4;
    if (plan.addresses.empty() || (v4 ? context_.has_ipv4 : context_.has_ipv6)) return;
    std::erase_if(plan.addresses, [](const IpAddress& address) {
      return !net::LocalAddressTowards(address).has_value();
    });
    if (plan.addresses.empty()) plan.skip_reason = v4 ? kNoIpv4Reason : kNoIpv6Reason;
  }

  const derpmap::Node& node_;
  const WalkContext& context_;
  TimePoint deadline_;
  Recorder& recorder_;
  std::vector<AddressFamily> ask_;
};

}  // namespace

bool PlanFamilies(const derpmap::Node& node, const WalkContext& context, TimePoint deadline,
                  Recorder& recorder, std::vector<FamilyPlan>& plans) {
  return Planner(node, context, deadline, recorder).Run(plans);
}

}  // namespace derp::diagnosis
