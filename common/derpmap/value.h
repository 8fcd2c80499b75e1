// A parsed document before it is understood: JSON and YAML text as one kind of tree that remembers
// where each value stood. For the readers of this folder, and for settings files (common/config).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/derpmap/reader.h"

namespace derp::derpmap {

inline constexpr std::size_t kMaxValues = 300'000;     // some 35 MB; 1,000 regions need 60,000
inline constexpr std::size_t kMaxNesting = 64;         // a map is 6 deep
inline constexpr std::size_t kMaxYamlBytes = 4 << 20;  // the YAML scanner takes more per byte

struct Value {
  enum class Kind {
    kNull,
    kBool,
    kNumber,
    kString,
    kPlain,  // unquoted YAML text: what it is depends on where it stands
    kArray,
    kObject,
  };
  Kind kind = Kind::kNull;
  std::size_t offset = 0;       // of its first byte in the text
  std::string text;             // numbers as written; "true" or "false"
  std::string key;              // as a member of an object
  std::size_t key_offset = 0;   // likewise
  std::vector<Value> children;  // of arrays and objects, in their order
};

// Only the first value of the text; what follows it is not looked at (Go: json.Decoder.Decode).
Expected<Value, ReadError> ParseJsonValue(std::string_view text);

// The first document. Aliases are copied, within kMaxValues.
Expected<Value, ReadError> ParseYamlValue(std::string_view text);

// `offset` as the line and column (in bytes) people count, both from 1.
ReadError ErrorAt(std::string_view text, std::size_t offset, std::string what);

// Builds the tree from a parser's events, within the limits. After the first failure everything is
// refused and failure() says why.
class TreeBuilder {
 public:
  bool Scalar(Value::Kind kind, std::size_t offset, std::string text);
  bool Key(std::size_t offset, std::string key);
  bool Start(Value::Kind kind, std::size_t offset);
  bool End();
  bool Copy(const Value& value);  // a whole subtree

  bool done() const { return open_.empty() && has_root_; }
  const Value& last() const { return open_.empty() ? root_ : open_.back().children.back(); }
  const std::string& failure() const { return failure_; }
  std::size_t failure_offset() const { return failure_offset_; }
  Value TakeRoot() { return std::move(root_); }

 private:
  bool Place(Value value);
  bool Refuse(std::size_t offset, std::string why);

  std::vector<Value> open_;  // the containers that are not closed yet
  Value root_;
  bool has_root_ = false;
  std::string key_;
  std::size_t key_offset_ = 0;
  std::size_t values_ = 0;
  std::string failure_;
  std::size_t failure_offset_ = 0;
};

}  // namespace derp::derpmap
