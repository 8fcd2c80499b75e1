#include "common/http/headers.h"

#include <algorithm>

#include "common/base/text.h"

namespace derp::http {

void Headers::Add(std::string_view name, std::string_view value) {
  items_.push_back(Header{std::string(name), std::string(value)});
}

void Headers::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void Headers::Remove(std::string_view name) {
  std::erase_if(items_, [&](const Header& item) { return EqualsIgnoreCase(item.name, name); });
}

bool Headers::Has(std::string_view name) const {
  return std::any_of(items_.begin(), items_.end(),
                     [&](const Header& item) { return EqualsIgnoreCase(item.name, name); });
}

std::string_view Headers::Get(std::string_view name) const {
  for (const Header& item : items_) {
    if (EqualsIgnoreCase(item.name, name)) return item.value;
  }
  return {};
}

std::vector<std::string_view> Headers::All(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& item : items_) {
    if (EqualsIgnoreCase(item.name, name)) values.push_back(item.value);
  }
  return values;
}

bool Headers::HasToken(std::string_view name, std::string_view token) const {
  for (const std::string_view value : All(name)) {
    for (const std::string_view item : Split(value, ',')) {
      if (EqualsIgnoreCase(TrimSpace(item), token)) return true;
    }
  }
  return false;
}

}  // namespace derp::http
