#include "derpprobe/service/go_json.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace derp::probe {
namespace {

// The length of the well-formed UTF-8 character at the head of `text`; 0 when there is none.
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return overlong || beyond ? 0 : length;
}

std::string AsciiQuoted(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  const bool escaped = c < 0x20 || c == '<' || c == '>' || c == '&';
  return escaped ? fmt::format("\\u{:04x}", static_cast<unsigned>(c)) : std::string(1, c);
}

template <typename T, typename Write>
std::string List(const std::vector<T>& items, Write write) {
  if (items.empty()) return "null";
  std::string text;
  for (const T& item : items) text += (text.empty() ? "[" : ",") + write(item);
  return text + "]";
}

std::string Nanoseconds(Duration duration) { return fmt::format("{}", duration.count()); }

std::string LabelsJson(const ProbeSpec& spec) {
  metrics::Labels labels = spec.labels;
  labels.emplace_back("class", spec.probe_class);
  labels.emplace_back("name", spec.name);
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const auto& [name, value] : labels) {
    text += (text.empty() ? "" : ",") + GoJsonQuote(name) + ":" + GoJsonQuote(value);
  }
  return "{" + text + "}";
}

// JSON knows no infinities.
std::string Number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string SampleJson(const metrics::Family& family, const metrics::Sample& sample) {
  if (family.kind != metrics::Kind::kHistogram) return Number(sample.value);
  std::string buckets;
  for (const auto& [bound, count] : sample.histogram.buckets) {
    buckets += fmt::format("{}\"{}\":{}", buckets.empty() ? "" : ",", bound, count);
  }
  return fmt::format(R"({{"count":{},"sum":{},"buckets":{{{}}}}})", sample.histogram.count,
                     Number(sample.histogram.sum), buckets);
}

}  // namespace

std::string GoJsonQuote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      quoted += "\\ufffd";
    } else if (length == 1) {
      quoted += AsciiQuoted(text.front());
    } else if (character == "\u2028" || character == "\u2029") {
      quoted += character == "\u2028" ? "\\u2028" : "\\u2029";
    } else {
      quoted += character;
    }
    text.remove_prefix(character.size());
  }
  return quoted + "\"";
}

std::string GoJsonTime(const std::optional<WallTime>& time) {
  if (!time) return R"("0001-01-01T00:00:00Z")";
  std::string text = FormatRfc3339(*time);
  const auto nanos = (*time - FromUnixSeconds(UnixSeconds(*time))).count();
  if (nanos != 0) {
    std::string fraction = fmt::format(".{:09}", nanos);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text.insert(text.size() - 1, fraction);
  }
  return "\"" + text + "\"";
}

std::string ProbeInfoJson(const ProbeInfo& info) {
  return fmt::format(
      R"({{"Name":{},"Class":{},"Interval":{},"Labels":{},"Start":{},"End":{},"Latency":{},)"
      R"("Status":"{}","Error":{},"RecentResults":{},"RecentLatencies":{}}})",
      GoJsonQuote(info.spec.name), GoJsonQuote(info.spec.probe_class),
      Nanoseconds(info.spec.interval), LabelsJson(info.spec), GoJsonTime(info.start),
      GoJsonTime(info.end), Nanoseconds(info.latency), ProbeStatusName(info.status),
      GoJsonQuote(info.error),
      List(info.recent_results, [](bool ok) { return std::string(ok ? "true" : "false"); }),
      List(info.recent_latencies, Nanoseconds));
}

std::string ProbeRunJson(const ProbeRun& run) {
  return fmt::format(R"({{"ProbeInfo":{},"PreviousSuccessRatio":{},"PreviousMedianLatency":{}}})",
                     ProbeInfoJson(run.info), Number(run.previous_ratio),
                     Nanoseconds(run.previous_median));
}

std::string VarsJson(const std::vector<metrics::Family>& families) {
  std::string text;
  for (const metrics::Family& family : families) {
    std::string value;
    for (const metrics::Sample& sample : family.samples) {
      if (sample.labels.empty()) {
        value = SampleJson(family, sample);
        continue;
      }
      std::string labels;
      for (const auto& [name, label] : sample.labels) {
        labels += fmt::format("{}{}={}", labels.empty() ? "" : ",", name, label);
      }
      value +=
          (value.empty() ? "{" : ",\n  ") + GoJsonQuote(labels) + ": " + SampleJson(family, sample);
    }
    if (value.empty()) continue;
    if (value.front() == '{' && !family.samples.front().labels.empty()) value += "}";
    text += (text.empty() ? "" : ",\n") + GoJsonQuote(family.name) + ": " + value;
  }
  return "{\n" + text + "\n}\n";
}

}  // namespace derp::probe
