#include "common/derpmap/decoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/derpmap/nearest_name.h"

namespace derp::derpmap {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kMaxUnknownNotes = 100;  // a foreign file is not listed member by member

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a boolean";
    case Kind::kNumber:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kPlain:
      return "plain text";
    case Kind::kArray:
      return "a list";
    case Kind::kObject:
      return "an object";
  }
  return "something else";
}

std::string Shown(const Value& value) {
  const bool container = value.kind == Kind::kArray || value.kind == Kind::kObject;
  if (container || value.kind == Kind::kNull) return std::string(KindName(value.kind));
  return fmt::format("{} ({})", KindName(value.kind), GoQuote(PrintablePeerText(value.text)));
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

class Decoder {
 public:
  Decoder(std::string_view text, Syntax syntax) : text_(text), syntax_(syntax) {}

  Expected<MapDocument, ReadError> Decode(const Value& root);

 private:
  template <typename T>
  struct Member {
    std::string_view name;
    bool (Decoder::*read)(T& target, const Value& value);
  };
  static std::span<const Member<DerpMap>> MapMembers();
  static std::span<const Member<Region>> RegionMembers();
  static std::span<const Member<Node>> NodeMembers();

  template <typename T>
  bool Object(std::span<const Member<T>> members, T& target, const Value& value);
  template <typename T>
  const Member<T>* Find(std::span<const Member<T>> members, const Value& value);
  void NoteUnknown(const Value& value, std::string_view nearest);
  void NoteLetterCase(const Value& value);
  void AddUnknown(const Value& value, std::string fact, std::string_view nearest);

  // For the member tables: reads one type into one field.
  template <typename T, std::string T::* Field>
  bool Text(T& target, const Value& value);
  template <typename T, int T::* Field>
  bool Port(T& target, const Value& value);
  template <typename T, RegionId T::* Field>
  bool Id(T& target, const Value& value);
  template <typename T, double T::* Field>
  bool Float(T& target, const Value& value);
  template <typename T, bool T::* Field>
  bool Flag(T& target, const Value& value);

  bool HomeParams(DerpMap& map, const Value& value);
  bool RegionScore(DerpMap& map, const Value& value);
  bool Regions(DerpMap& map, const Value& value);
  bool OneRegion(DerpMap& map, RegionId key, const Value& value);
  bool Nodes(Region& region, const Value& value);
  void SettleIds(Region& region, RegionId key);
  void NoteNodeRegions(const Region& region, RegionId key);

  std::optional<std::int64_t> Integer(const Value& value);
  std::optional<double> Number(const Value& value);
  std::optional<RegionId> KeyAsId(const Value& value);
  bool Wrong(const Value& value, std::string_view expected);
  bool FailAt(std::size_t offset, std::string what);
  std::string Path() const;
  Note& AddNote(std::string code, std::string fact);

  std::string_view text_;
  Syntax syntax_;
  std::vector<std::string> path_;
  std::vector<Note> notes_;
  std::size_t unknown_ = 0;
  std::optional<ReadError> error_;
};

// ---- members -----------------------------------------------------------------------------------

std::span<const Decoder::Member<DerpMap>> Decoder::MapMembers() {
  static constexpr std::array<Member<DerpMap>, 3> kMembers = {{
      {"HomeParams", &Decoder::HomeParams},
      {"Regions", &Decoder::Regions},
      {"omitDefaultRegions", &Decoder::Flag<DerpMap, &DerpMap::omit_default_regions>},
  }};
  return kMembers;
}

std::span<const Decoder::Member<Region>> Decoder::RegionMembers() {
  static constexpr std::array<Member<Region>, 8> kMembers = {{
      {"RegionID", &Decoder::Id<Region, &Region::id>},
      {"RegionCode", &Decoder::Text<Region, &Region::code>},
      {"RegionName", &Decoder::Text<Region, &Region::name>},
      {"Latitude", &Decoder::Float<Region, &Region::latitude>},
      {"Longitude", &Decoder::Float<Region, &Region::longitude>},
      {"Avoid", &Decoder::Flag<Region, &Region::avoid>},
      {"NoMeasureNoHome", &Decoder::Flag<Region, &Region::no_measure_no_home>},
      {"Nodes", &Decoder::Nodes},
  }};
  return kMembers;
}

std::span<const Decoder::Member<Node>> Decoder::NodeMembers() {
  static constexpr std::array<Member<Node>, 12> kMembers = {{
      {"Name", &Decoder::Text<Node, &Node::name>},
      {"RegionID", &Decoder::Id<Node, &Node::region_id>},
      {"HostName", &Decoder::Text<Node, &Node::host_name>},
      {"CertName", &Decoder::Text<Node, &Node::cert_name>},
      {"IPv4", &Decoder::Text<Node, &Node::ipv4>},
      {"IPv6", &Decoder::Text<Node, &Node::ipv6>},
      {"STUNPort", &Decoder::Port<Node, &Node::stun_port>},
      {"STUNOnly", &Decoder::Flag<Node, &Node::stun_only>},
      {"DERPPort", &Decoder::Port<Node, &Node::derp_port>},
      {"InsecureForTests", &Decoder::Flag<Node, &Node::insecure_for_tests>},
      {"STUNTestIP", &Decoder::Text<Node, &Node::stun_test_ip>},
      {"CanPort80", &Decoder::Flag<Node, &Node::can_port80>},
  }};
  return kMembers;
}

template <typename T>
const Decoder::Member<T>* Decoder::Find(std::span<const Member<T>> members, const Value& value) {
  for (const Member<T>& member : members)
    if (member.name == value.key) return &member;
  for (const Member<T>& member : members)
    if (EqualsIgnoreCase(member.name, value.key)) return &member;
  return nullptr;
}

template <typename T>
bool Decoder::Object(std::span<const Member<T>> members, T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kObject) return Wrong(value, "an object");
  for (const Value& child : value.children) {
    const Member<T>* member = Find(members, child);
    if (member == nullptr) {
      std::vector<std::string_view> names;
      for (const Member<T>& known : members) names.push_back(known.name);
      NoteUnknown(child, NearestName(child.key, names));
      continue;
    }
    if (syntax_ == Syntax::kYaml && ToLowerAscii(child.key) != child.key) NoteLetterCase(child);
    path_.emplace_back(member->name);
    if (!(this->*member->read)(target, child)) return false;
    path_.pop_back();
  }
  return true;
}

// ---- single values -----------------------------------------------------------------------------

template <typename T, std::string T::* Field>
bool Decoder::Text(T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kString && value.kind != Kind::kPlain) return Wrong(value, "a string");
  target.*Field = value.text;
  return true;
}

// Ports are judged by the linter: here only the type counts, and what exceeds an int stays out of
// range.
template <typename T, int T::* Field>
bool Decoder::Port(T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  const std::optional<std::int64_t> number = Integer(value);
  if (!number) return Wrong(value, "an integer");
  target.*Field = static_cast<int>(std::clamp<std::int64_t>(
      *number, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
  return true;
}

template <typename T, RegionId T::* Field>
bool Decoder::Id(T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  const std::optional<std::int64_t> number = Integer(value);
  if (!number) return Wrong(value, "an integer");
  target.*Field = *number;
  return true;
}

template <typename T, double T::* Field>
bool Decoder::Float(T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  const std::optional<double> number = Number(value);
  if (!number) return Wrong(value, "a number");
  target.*Field = *number;
  return true;
}

template <typename T, bool T::* Field>
bool Decoder::Flag(T& target, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  // YAML 1.1's other words for them are what Go's YAML library takes too.
  static constexpr std::array<std::string_view, 3> kYes = {"true", "yes", "on"};
  static constexpr std::array<std::string_view, 3> kNo = {"false", "no", "off"};
  const std::string word = ToLowerAscii(value.text);
  const bool yes = std::find(kYes.begin(), kYes.end(), word) != kYes.end();
  const bool no = std::find(kNo.begin(), kNo.end(), word) != kNo.end();
  const bool fits = value.kind == Kind::kBool || value.kind == Kind::kPlain;
  if (!fits || (!yes && !no)) return Wrong(value, "true or false");
  target.*Field = yes;
  return true;
}

std::optional<std::int64_t> Decoder::Integer(const Value& value) {
  if (value.kind != Kind::kNumber && value.kind != Kind::kPlain) return std::nullopt;
  return ParseNumber<std::int64_t>(value.text);
}

std::optional<double> Decoder::Number(const Value& value) {
  if (value.kind != Kind::kNumber && value.kind != Kind::kPlain) return std::nullopt;
  const std::optional<double> number = ParseNumber<double>(value.text);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return number;
}

// Go's strconv.ParseInt: a sign and leading zeros are fine.
std::optional<RegionId> Decoder::KeyAsId(const Value& value) {
  std::string_view key = value.key;
  if (key.starts_with("+") && !key.starts_with("+-")) key.remove_prefix(1);
  std::optional<RegionId> id = ParseNumber<RegionId>(key);
  if (!id)
    FailAt(value.key_offset, fmt::format("key {} where a region ID (an integer) belongs",
                                         GoQuote(PrintablePeerText(value.key))));
  return id;
}

// ---- the map -----------------------------------------------------------------------------------

bool Decoder::HomeParams(DerpMap& map, const Value& value) {
  static constexpr std::array<Member<DerpMap>, 1> kMembers = {{
      {"RegionScore", &Decoder::RegionScore},
  }};
  return Object<DerpMap>(kMembers, map, value);
}

bool Decoder::RegionScore(DerpMap& map, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kObject) return Wrong(value, "an object");
  for (const Value& child : value.children) {
    const std::optional<RegionId> id = KeyAsId(child);
    if (!id) return false;
    path_.push_back(child.key);
    const std::optional<double> score =
        child.kind == Kind::kNull ? std::optional(0.0) : Number(child);
    if (!score) return Wrong(child, "a number");
    map.region_score[*id] = *score;
    path_.pop_back();
  }
  return true;
}

bool Decoder::Regions(DerpMap& map, const Value& value) {
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kObject) return Wrong(value, "an object");
  for (const Value& child : value.children) {
    const std::optional<RegionId> key = KeyAsId(child);
    if (!key) return false;
    path_.push_back(std::to_string(*key));
    if (!OneRegion(map, *key, child)) return false;
    path_.pop_back();
  }
  return true;
}

bool Decoder::OneRegion(DerpMap& map, RegionId key, const Value& value) {
  // A key that is written twice: the later one counts, as in Go.
  map.regions.erase(key);
  std::erase(map.null_regions, key);
  std::erase_if(notes_, [&](const Note& note) { return note.region_id == key && key != 0; });
  if (value.kind == Kind::kNull) {
    map.null_regions.push_back(key);
    return true;
  }
  Region region;
  const std::size_t first_note = notes_.size();
  if (!Object<Region>(RegionMembers(), region, value)) return false;
  SettleIds(region, key);
  for (std::size_t i = first_note; i < notes_.size(); ++i) {
    notes_[i].region_id = key;
    notes_[i].region = RegionLabel(region);
  }
  map.regions.emplace(key, std::move(region));
  return true;
}

bool Decoder::Nodes(Region& region, const Value& value) {
  region.nodes.clear();
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kArray) return Wrong(value, "a list");
  for (const Value& child : value.children) {
    path_.push_back(fmt::format("[{}]", region.nodes.size()));
    if (child.kind == Kind::kNull) return Wrong(child, "a node");
    Node node;
    const std::size_t first_note = notes_.size();
    if (!Object<Node>(NodeMembers(), node, child)) return false;
    for (std::size_t i = first_note; i < notes_.size(); ++i)
      notes_[i].node = PrintablePeerText(node.name);
    region.nodes.push_back(std::move(node));
    path_.pop_back();
  }
  return true;
}

void Decoder::SettleIds(Region& region, RegionId key) {
  const RegionId written = region.id;
  region.id = key;
  if (written != key || key <= 0) {
    std::string fact = written == 0 && key > 0
                           ? fmt::format("region {} has no RegionID", key)
                           : fmt::format("the key says region {}, RegionID says {}", key, written);
    if (key <= 0) fact = fmt::format("region ID {} is not a positive number", key);
    Note& note = AddNote("map.region_id_mismatch", std::move(fact));
    note.data = {{"key", key}, {"region_id", written}};
  }
  NoteNodeRegions(region, key);
  for (Node& node : region.nodes) node.region_id = key;
}

void Decoder::NoteNodeRegions(const Region& region, RegionId key) {
  for (const Node& node : region.nodes) {
    if (node.region_id == key) continue;
    const std::string name = PrintablePeerText(node.name);
    Note& note = AddNote(
        "map.node_region_mismatch",
        node.region_id == 0
            ? fmt::format("node {} of region {} has no RegionID", name, key)
            : fmt::format("node {} of region {} says RegionID {}", name, key, node.region_id));
    note.node = name;
    note.data = {{"region_id", key}, {"node_region_id", node.region_id}};
  }
}

// ---- notes and errors --------------------------------------------------------------------------

Note& Decoder::AddNote(std::string code, std::string fact) {
  Note note;
  note.code = std::move(code);
  note.fact = std::move(fact);
  notes_.push_back(std::move(note));
  return notes_.back();
}

void Decoder::NoteUnknown(const Value& value, std::string_view nearest) {
  std::string fact = fmt::format("member {} is known to no client and does nothing",
                                 GoQuote(PrintablePeerText(value.key)));
  if (!nearest.empty()) fact += fmt::format("; the nearest known one is {}", nearest);
  AddUnknown(value, std::move(fact), nearest);
}

void Decoder::NoteLetterCase(const Value& value) {
  const std::string lower = ToLowerAscii(value.key);
  AddUnknown(value,
             fmt::format("headscale ignores {}: it reads the lower-case {} only",
                         GoQuote(PrintablePeerText(value.key)), lower),
             lower);
}

void Decoder::AddUnknown(const Value& value, std::string fact, std::string_view nearest) {
  if (++unknown_ > kMaxUnknownNotes) return;
  const std::size_t line = ErrorAt(text_, value.key_offset, {}).line;
  Note& note = AddNote("map.unknown_field", fmt::format("line {}: {}", line, fact));
  note.data = {{"member", PrintablePeerText(value.key)}, {"line", static_cast<std::int64_t>(line)}};
  if (!nearest.empty()) note.data["nearest"] = std::string(nearest);
}

std::string Decoder::Path() const {
  std::string path;
  for (const std::string& part : path_) {
    if (!path.empty() && !part.starts_with('[')) path += '.';
    path += PrintablePeerText(part);
  }
  return path;
}

bool Decoder::Wrong(const Value& value, std::string_view expected) {
  return FailAt(value.offset, fmt::format("{} where {} belongs", Shown(value), expected));
}

bool Decoder::FailAt(std::size_t offset, std::string what) {
  error_ = ErrorAt(text_, offset, std::move(what));
  error_->path = Path();
  return false;
}

Expected<MapDocument, ReadError> Decoder::Decode(const Value& root) {
  MapDocument document;
  if (!Object<DerpMap>(MapMembers(), document.map, root)) return Fail(*error_);
  std::sort(document.map.null_regions.begin(), document.map.null_regions.end());
  document.notes = std::move(notes_);
  return document;
}

}  // namespace

Expected<MapDocument, ReadError> DecodeMap(const Value& root, std::string_view text,
                                           Syntax syntax) {
  return Decoder(text, syntax).Decode(root);
}

}  // namespace derp::derpmap
