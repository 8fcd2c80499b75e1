#include "stunc/report_json.h"

#include <nlohmann/json.hpp>

#include "common/base/hex.h"
#include "common/cli/version.h"
#include "common/stun/attributes.h"
#include "stunc/words.h"

namespace derp::stunc {
namespace {

using Json = nlohmann::ordered_json;

Json AttributesOf(const Reply& reply) {
  Json out = Json::array();
  stun::AttributeReader reader(ByteView(reply.bytes).subspan(stun::kHeaderSize));
  while (const auto attribute = reader.Next()) {
    out.push_back({{"type", static_cast<unsigned>(attribute->type)},
                   {"name", stun::AttributeName(attribute->type)},
                   {"value", EncodeHex(attribute->value)}});
  }
  return out;
}

Json FindingsOf(const Asked& asked, const QueryResult& result) {
  Json out = Json::array();
  for (const Finding& finding : JudgeQuery(asked, result)) {
    out.push_back({{"code", finding.code},
                   {"severity", SeverityName(finding.severity)},
                   {"headline", finding.headline},
                   {"fact", finding.fact},
                   {"advice", finding.help}});
  }
  return out;
}

std::string_view ErrorCodeOf(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "";
    case Failure::kSend:
      return "send";
    case Failure::kReceive:
      return "receive";
    case Failure::kNoReply:
      return "stun.no_reply";
    case Failure::kRefused:
      return "stun.refused";
    case Failure::kMalformed:
      return "stun.malformed";
  }
  return "";
}

// A request and what came of it. What was not measured is null.
Json QueryOf(const Asked& asked, const QueryResult& result) {
  Json out = {{"target", asked.name},
              {"sent_addr", asked.target.ToString()},
              {"from_addr", nullptr},
              {"stun_addr", nullptr},
              {"local_addr", nullptr},
              {"family", FamilyName(asked.target.ip.family())},
              {"rtt_ms", nullptr},
              {"tries", result.sends},
              {"txid", EncodeHex(result.id.bytes)},
              {"attributes", Json::array()},
              {"error", nullptr},
              {"error_code", nullptr},
              {"findings", FindingsOf(asked, result)}};
  if (asked.local) out["local_addr"] = asked.local->ToString();
  if (result.reply) {
    out["from_addr"] = result.reply->match.source.ToString();
    out["stun_addr"] = result.reply->match.mapped.ToString();
    out["rtt_ms"] = Milliseconds(result.reply->match.rtt);
    out["attributes"] = AttributesOf(*result.reply);
  } else {
    out["error"] = result.error;
    out["error_code"] = ErrorCodeOf(result.failure);
  }
  return out;
}

void AddSeries(Json& out, const Series& series) {
  out["sent"] = series.sent();
  out["received"] = series.received();
  out["loss_pct"] = series.LossPercent();
  const auto trips = series.Summary();
  const auto set = [&](const char* name, Duration RoundTrips::* member) {
    out[name] = trips ? Json(Milliseconds((*trips).*member)) : Json(nullptr);
  };
  set("min_ms", &RoundTrips::min);
  set("avg_ms", &RoundTrips::average);
  set("median_ms", &RoundTrips::median);
  set("p90_ms", &RoundTrips::p90);
  set("max_ms", &RoundTrips::max);
  set("stddev_ms", &RoundTrips::deviation);
  set("jitter_ms", &RoundTrips::jitter);
  out["mapping_changes"] = series.mapping_changes();
}

Json Head(std::string_view schema, const Clock& clock) {
  return {{"schema", schema},
          {"tool_version", cli::Version()},
          {"time", FormatRfc3339(clock.WallNow())}};
}

// What other machines sent may be no UTF-8; it is shown, never fatal.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

struct JsonReport::Impl {
  const Options options;
  const Clock& clock;
  std::ostream& out;
  Json results = Json::array();
  Json error = nullptr;
  Json error_code = nullptr;

  bool by_line() const { return options.format == Format::kJsonLine; }
  void Line(Json head, const Json& body) {
    head.update(body);
    out << Dump(head, -1) << '\n' << std::flush;
  }
};

JsonReport::JsonReport(const Options& options, const Clock& clock, std::ostream& out)
    : impl_(new Impl{options, clock, out}) {}

JsonReport::~JsonReport() = default;

void JsonReport::OnError(std::string_view code, std::string_view text) {
  impl_->error = text;
  impl_->error_code = code;
  if (!impl_->by_line()) return;
  impl_->Line(Head("stunc.error/1", impl_->clock),
              {{"target", impl_->options.target.host}, {"error", text}, {"error_code", code}});
}

void JsonReport::OnQuery(const Asked& asked, unsigned number, const QueryResult& result) {
  if (!impl_->by_line()) return;
  Json body = {{"number", number}};
  body.update(QueryOf(asked, result));
  impl_->Line(Head("stunc.reply/1", impl_->clock), body);
}

void JsonReport::OnAddressEnd(const Asked& asked, const QueryResult& last, const Series& series) {
  const bool is_series = impl_->options.count > 1;
  if (!impl_->by_line()) {
    Json result = QueryOf(asked, last);
    if (is_series) AddSeries(result, series);
    impl_->results.push_back(std::move(result));
  } else if (is_series) {
    Json body = {{"target", asked.name}, {"sent_addr", asked.target.ToString()}};
    AddSeries(body, series);
    impl_->Line(Head("stunc.series/1", impl_->clock), body);
  }
}

void JsonReport::OnEnd(int exit_code) {
  if (impl_->by_line()) return;
  Json document = Head("stunc/1", impl_->clock);
  document["host"] = impl_->options.target.host;
  document["port"] = impl_->options.target.port;
  document["exit"] = exit_code;
  document["error"] = impl_->error;
  document["error_code"] = impl_->error_code;
  document["results"] = impl_->results;
  impl_->out << Dump(document, 2) << '\n' << std::flush;
}

}  // namespace derp::stunc
