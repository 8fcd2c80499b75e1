// The only file of this folder that knows the JSON library. Events instead of a tree: duplicates
// keep their order, and what is not asked for takes no memory.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/wire/login.h"

namespace derp::wire {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 64;  // far above any real login text

// A member of the outer object as the reader wants it. Each function returns false for a value
// that Go would refuse; an unset one refuses every value of that kind.
struct Member {
  std::string_view name;
  std::function<bool(std::int64_t)> on_integer{};
  std::function<bool(bool)> on_bool{};
  std::function<bool(const std::string&)> on_string{};
  bool null_allowed = true;  // null leaves the default
};

// nlohmann's event receiver. Refuses by returning false, which ends the parse.
class ObjectReader final : public nlohmann::json_sax<json> {
 public:
  explicit ObjectReader(std::vector<Member> members) : members_(std::move(members)) {}

  bool null() override {
    if (depth_ == 0) return true;  // Go reads a top-level null as "all defaults".
    const Member* member = Take();
    return member == nullptr || member->null_allowed;
  }
  bool boolean(bool value) override {
    if (depth_ == 0) return false;
    const Member* member = Take();
    return member == nullptr || (member->on_bool && member->on_bool(value));
  }
  bool number_integer(std::int64_t value) override { return Integer(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (depth_ == 0) return false;
    if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      return Integer(static_cast<std::int64_t>(value));
    return Take() == nullptr;
  }
  // A fraction, an exponent or more than 64 bits: no integer of Go's.
  bool number_float(double, const std::string&) override { return depth_ > 0 && Take() == nullptr; }
  bool string(std::string& value) override {
    if (depth_ == 0) return false;
    const Member* member = Take();
    return member == nullptr || (member->on_string && member->on_string(value));
  }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return depth_ > 0 && Enter(); }
  bool end_array() override { return Leave(); }
  bool key(std::string& name) override {
    if (depth_ != 1) return true;
    const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
      return EqualsIgnoreCase(member.name, name);
    });
    current_ = found == members_.end() ? nullptr : &*found;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

 private:
  // The member the value at hand belongs to; none inside what is skipped.
  const Member* Take() { return depth_ == 1 ? std::exchange(current_, nullptr) : nullptr; }
  bool Integer(std::int64_t value) {
    if (depth_ == 0) return false;
    const Member* member = Take();
    return member == nullptr || (member->on_integer && member->on_integer(value));
  }
  bool Enter() {
    if (depth_ == 1 && Take() != nullptr) return false;  // every known member is a scalar
    return ++depth_ <= kMaxDepth;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  std::vector<Member> members_;
  const Member* current_ = nullptr;
  std::size_t depth_ = 0;
};

bool ReadObject(std::string_view text, std::size_t max_size, std::vector<Member> members) {
  // The library takes a NUL for the end and skips a byte order mark; Go refuses both.
  if (text.size() > max_size || text.find('\0') != std::string_view::npos) return false;
  if (text.starts_with("\xef\xbb\xbf")) return false;
  ObjectReader reader(std::move(members));
  return json::sax_parse(text.begin(), text.end(), &reader);
}

int Saturate(std::int64_t value) {
  using Limits = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

Member IntMember(std::string_view name, std::function<void(std::int64_t)> store) {
  return {.name = name, .on_integer = [store = std::move(store)](std::int64_t value) {
            store(value);
            return true;
          }};
}

Member BoolMember(std::string_view name, bool& into) {
  return {.name = name, .on_bool = [&into](bool value) {
            into = value;
            return true;
          }};
}

std::string Dump(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string ClientInfoJson(const ClientInfo& info) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  if (info.mesh_key && !info.mesh_key->is_zero()) object["meshKey"] = info.mesh_key->ToString();
  if (info.version != 0) object["version"] = info.version;
  object["CanAckPings"] = info.can_ack_pings;
  if (info.is_prober) object["IsProber"] = true;
  if (!info.app_name.empty()) object["AppName"] = info.app_name;
  return Dump(object);
}

Expected<ClientInfo, LoginError> ParseClientInfoJson(std::string_view text) {
  ClientInfo info{.version = 0};
  const Member mesh_key{.name = "meshKey",
                        .on_string =
                            [&info](const std::string& value) {
                              // Unlike in a file, blanks around it do not count as absent.
                              if (value.size() != 2 * kKeySize) return false;
                              const auto key = MeshKey::Parse(value);
                              if (!key) return false;
                              info.mesh_key = key->is_zero() ? std::nullopt : key;
                              return true;
                            },
                        .null_allowed = false};
  const Member app_name{.name = "AppName", .on_string = [&info](const std::string& value) {
                          info.app_name = value;
                          return true;
                        }};
  const bool ok = ReadObject(
      text, kMaxClientInfo,
      {mesh_key, IntMember("version", [&info](std::int64_t v) { info.version = Saturate(v); }),
       BoolMember("CanAckPings", info.can_ack_pings), BoolMember("IsProber", info.is_prober),
       app_name});
  if (!ok) return Fail(LoginError::kBadJson);
  return info;
}

std::string ServerInfoJson(const ServerInfo& info) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  if (info.version != 0) object["version"] = info.version;
  if (info.token_bucket_bytes_per_second != 0)
    object["TokenBucketBytesPerSecond"] = info.token_bucket_bytes_per_second;
  if (info.token_bucket_bytes_burst != 0)
    object["TokenBucketBytesBurst"] = info.token_bucket_bytes_burst;
  return Dump(object);
}

Expected<ServerInfo, LoginError> ParseServerInfoJson(std::string_view text) {
  ServerInfo info{.version = 0};
  const bool ok =
      ReadObject(text, kMaxClientFrame,
                 {IntMember("version", [&info](std::int64_t v) { info.version = Saturate(v); }),
                  IntMember("TokenBucketBytesPerSecond",
                            [&info](std::int64_t v) { info.token_bucket_bytes_per_second = v; }),
                  IntMember("TokenBucketBytesBurst",
                            [&info](std::int64_t v) { info.token_bucket_bytes_burst = v; })});
  if (!ok) return Fail(LoginError::kBadJson);
  return info;
}

}  // namespace derp::wire
