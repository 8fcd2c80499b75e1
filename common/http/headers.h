// The header fields of one message, in their order. Names compare without regard to case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace derp::http {

struct Header {
  std::string name;
  std::string value;  // without surrounding blanks
};

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> items) : items_(items) {}

  void Add(std::string_view name, std::string_view value);
  void Set(std::string_view name, std::string_view value);  // replaces every field of that name
  void Remove(std::string_view name);

  bool Has(std::string_view name) const;
  // The first value, empty when there is none (or an empty one; Has() tells).
  std::string_view Get(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  // Whether a comma-separated list such as Connection contains `token`, in any of its fields.
  bool HasToken(std::string_view name, std::string_view token) const;

  const std::vector<Header>& items() const { return items_; }
  std::size_t size() const { return items_.size(); }

 private:
  std::vector<Header> items_;
};

}  // namespace derp::http
