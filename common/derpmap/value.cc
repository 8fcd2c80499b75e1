#include "common/derpmap/value.h"

#include <algorithm>

#include <fmt/format.h>

namespace derp::derpmap {

ReadError ErrorAt(std::string_view text, std::size_t offset, std::string what) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line_ends = std::count(before.begin(), before.end(), '\n');
  const std::size_t last = before.rfind('\n');
  ReadError error;
  error.line = static_cast<std::size_t>(line_ends) + 1;
  error.column = last == std::string_view::npos ? before.size() + 1 : before.size() - last;
  error.what = std::move(what);
  return error;
}

bool TreeBuilder::Refuse(std::size_t offset, std::string why) {
  if (failure_.empty()) {
    failure_ = std::move(why);
    failure_offset_ = offset;
  }
  return false;
}

bool TreeBuilder::Scalar(Value::Kind kind, std::size_t offset, std::string text) {
  Value value;
  value.kind = kind;
  value.offset = offset;
  value.text = std::move(text);
  return Place(std::move(value));
}

bool TreeBuilder::Key(std::size_t offset, std::string key) {
  key_ = std::move(key);
  key_offset_ = offset;
  return failure_.empty();
}

bool TreeBuilder::Start(Value::Kind kind, std::size_t offset) {
  if (open_.size() >= kMaxNesting)
    return Refuse(offset, fmt::format("nested more than {} deep", kMaxNesting));
  Value value;
  value.kind = kind;
  value.offset = offset;
  value.key = std::move(key_);
  value.key_offset = key_offset_;
  key_.clear();
  open_.push_back(std::move(value));
  return failure_.empty();
}

bool TreeBuilder::End() {
  if (open_.empty() || !failure_.empty()) return false;
  Value value = std::move(open_.back());
  open_.pop_back();
  key_ = std::move(value.key);
  key_offset_ = value.key_offset;
  return Place(std::move(value));
}

bool TreeBuilder::Copy(const Value& value) {
  if (value.kind != Value::Kind::kArray && value.kind != Value::Kind::kObject)
    return Scalar(value.kind, value.offset, value.text);
  if (!Start(value.kind, value.offset)) return false;
  for (const Value& child : value.children) {
    if (value.kind == Value::Kind::kObject && !Key(child.key_offset, child.key)) return false;
    if (!Copy(child)) return false;
  }
  return End();
}

bool TreeBuilder::Place(Value value) {
  if (!failure_.empty()) return false;
  if (++values_ > kMaxValues)
    return Refuse(value.offset, fmt::format("more than {} values", kMaxValues));
  value.key = std::move(key_);
  value.key_offset = key_offset_;
  key_.clear();
  if (open_.empty()) {
    root_ = std::move(value);
    has_root_ = true;
    return true;
  }
  open_.back().children.push_back(std::move(value));
  return true;
}

}  // namespace derp::derpmap
