#include "common/derpmap/lint_shared.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::derpmap {
namespace {

struct Place {
  const Region* region;
  const Node* node;
  std::size_t index;  // in the map's order
  std::set<std::string> literals;
};

using Group = std::vector<const Place*>;

std::vector<Place> Places(const DerpMap& map) {
  std::vector<Place> places;
  for (const auto& [id, region] : map.regions) {
    for (const Node& node : region.nodes) {
      Place place{&region, &node, places.size(), {}};
      for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6})
        if (const auto literal = node.Literal(family)) place.literals.insert(literal->ToString());
      const auto host = IpAddress::Parse(node.host_name);
      if (host && place.literals.empty()) place.literals.insert(host->ToString());
      places.push_back(std::move(place));
    }
  }
  return places;
}

class SharedLinter {
 public:
  SharedLinter(const DerpMap& map, std::vector<Note>& notes)
      : places_(Places(map)), notes_(notes) {}

  void Names() {
    std::map<std::string, Group> groups;
    for (const Place& place : places_) groups[place.node->name].push_back(&place);
    for (const Group* group : InOrder(groups)) {
      const std::string name = PrintablePeerText(group->front()->node->name);
      Add("map.duplicate_node", *group,
          fmt::format("{} nodes are named {}, in {}", group->size(), GoQuote(name),
                      RegionsOf(*group)));
    }
  }

  // What clients dial: an address when the map gives one, else the name. Two nodes of one name with
  // different addresses are two relays.
  void Endpoints() {
    std::map<std::string, Group> groups;
    for (const Place& place : places_) {
      if (place.node->stun_only) continue;
      const std::uint16_t port = place.node->EffectiveDerpPort();
      for (const std::string& literal : place.literals)
        groups[JoinHostPort(literal, port)].push_back(&place);
      if (!place.node->host_name.empty())
        groups[JoinHostPort(ToLowerAscii(place.node->host_name), port)].push_back(&place);
    }
    std::set<std::vector<std::size_t>> said;
    for (const Group* found : InOrder(groups)) {
      const Group group = SameRelay(*found);
      if (group.size() < 2) continue;
      std::vector<std::size_t> members;
      for (const Place* place : group) members.push_back(place->index);
      if (!said.insert(members).second) continue;
      for (std::size_t i = 1; i < group.size(); ++i) duplicates_.insert({members[0], members[i]});
      Add("map.duplicate_endpoint", group,
          fmt::format("{} nodes are one endpoint, {}", group.size(), EndpointOf(*group.front())));
    }
  }

  void Addresses() {
    std::map<std::string, Group> groups;
    for (const Place& place : places_)
      for (const std::string& literal : place.literals) groups[literal].push_back(&place);
    std::set<std::vector<std::size_t>> said;
    for (const Group* found : InOrder(groups)) {
      Group group = {found->front()};
      std::vector<std::size_t> members = {found->front()->index};
      for (const Place* place : *found) {
        if (place == found->front() || duplicates_.count({members[0], place->index}) > 0) continue;
        group.push_back(place);
        members.push_back(place->index);
      }
      if (group.size() < 2 || !said.insert(members).second) continue;
      Add("map.shared_address", group,
          fmt::format("{} nodes share the address {}", group.size(), SharedLiteral(group)));
    }
  }

 private:
  // Groups of several places, by where the first of each stands in the map.
  static std::vector<const Group*> InOrder(const std::map<std::string, Group>& groups) {
    std::map<std::size_t, std::vector<const Group*>> by_first;
    for (const auto& [key, group] : groups)
      if (group.size() > 1 && group.front() != group.back())
        by_first[group.front()->index].push_back(&group);
    std::vector<const Group*> several;
    for (const auto& [index, found] : by_first)
      several.insert(several.end(), found.begin(), found.end());
    return several;
  }

  static Group SameRelay(const Group& group) {
    Group same = {group.front()};
    for (const Place* place : group) {
      if (place == same.back()) continue;
      const auto& first = group.front()->literals;
      const bool apart = !first.empty() && !place->literals.empty() &&
                         std::none_of(first.begin(), first.end(), [&](const std::string& literal) {
                           return place->literals.count(literal) > 0;
                         });
      if (!apart) same.push_back(place);
    }
    return same;
  }

  static std::string EndpointOf(const Place& place) {
    return PrintablePeerText(JoinHostPort(place.node->host_name, place.node->EffectiveDerpPort()));
  }

  static std::string SharedLiteral(const Group& group) {
    for (const std::string& literal : group[0]->literals)
      if (group[1]->literals.count(literal) > 0) return literal;
    return {};
  }

  static std::string RegionsOf(const Group& group) {
    std::vector<std::string> labels;
    for (const Place* place : group) {
      const std::string label = RegionLabel(*place->region);
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
    return (labels.size() == 1 ? "region " : "regions ") + Join(labels, ", ");
  }

  void Add(std::string code, const Group& group, std::string fact) {
    const Place& first = *group.front();
    Note note;
    note.code = std::move(code);
    note.region_id = first.region->id;
    note.region = RegionLabel(*first.region);
    note.node = PrintablePeerText(first.node->name);
    note.fact = std::move(fact);
    for (std::size_t i = 1; i < group.size(); ++i) {
      const std::string name = PrintablePeerText(group[i]->node->name);
      const bool same_region = group[i]->region == first.region;
      note.peers.push_back(same_region ? name : RegionLabel(*group[i]->region) + "/" + name);
    }
    notes_.push_back(std::move(note));
  }

  const std::vector<Place> places_;
  std::vector<Note>& notes_;
  std::set<std::pair<std::size_t, std::size_t>> duplicates_;
};

}  // namespace

void LintShared(const DerpMap& map, std::vector<Note>& notes) {
  SharedLinter linter(map, notes);
  linter.Names();
  linter.Endpoints();
  linter.Addresses();
}

}  // namespace derp::derpmap
