// Request targets and their parts: path and query of a target, percent-decoding, query parameters,
// cleaning of paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace derp::http {

struct Target {
  std::string raw_path;  // as sent, at least "/"
  std::string path;      // percent-decoded
  std::string query;     // as sent, without '?'
};

// Splits a request target in origin- or absolute-form; "*" is its own path. Empty when an escape is
// broken.
std::optional<Target> ParseTarget(std::string_view target);

// Empty when a '%' is not followed by two hex digits. `plus_is_blank` as in queries.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank);
// Everything but letters, digits and "-_.~" as %XX: fit for a query value or a path segment.
std::string PercentEncode(std::string_view text);

// The values of `name` in their order. As in Go, parts that hold a ';' or a broken escape are left
// out.
std::vector<std::string> QueryValues(std::string_view query, std::string_view name);
// The first of them, empty when there is none.
std::string QueryValue(std::string_view query, std::string_view name);

// "." and ".." resolved, repeated slashes joined; a slash at the end stays.
std::string CleanPath(std::string_view path);

}  // namespace derp::http
