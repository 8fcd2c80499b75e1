#include "stunc/report_text.h"

#include <fmt/format.h>

#include "common/base/hex.h"
#include "common/stun/attributes.h"
#include "stunc/words.h"

namespace derp::stunc {

TextReport::TextReport(const TextStyle& style, const cli::Terminal& terminal, std::ostream& results,
                       std::ostream& errors)
    : style_(style), terminal_(terminal), results_(results), errors_(errors) {}

void TextReport::OnError(std::string_view, std::string_view text) {
  errors_ << text << '\n' << std::flush;
}

void TextReport::OnQuery(const Asked& asked, unsigned number, const QueryResult& result) {
  const bool first_reply = result.reply && !mapped_;
  if (first_reply) WriteAddresses(asked, *result.reply);
  if (style_.series) {
    const bool changed = result.reply && mapped_ && *mapped_ != result.reply->match.mapped;
    WriteSeriesLine(number, result, changed);
  } else if (result.reply) {
    if (style_.extras) WriteRoundTrip(asked, result);
  } else {
    errors_ << result.error << '\n';
  }
  if (result.reply) mapped_ = result.reply->match.mapped;
  if (first_reply && style_.attributes) WriteAttributes(*result.reply);
  results_ << std::flush;
}

void TextReport::OnAddressEnd(const Asked& asked, const QueryResult& last, const Series& series) {
  if (style_.series) {
    std::string line = fmt::format("{} sent, {} received, {:.3g} % lost", series.sent(),
                                   series.received(), series.LossPercent());
    if (const auto trips = series.Summary()) {
      line += fmt::format("; round trip min {}, median {}, max {}", RoundTripText(trips->min),
                          RoundTripText(trips->median), RoundTripText(trips->max));
    }
    if (series.mapping_changes() > 0) {
      line += fmt::format("; stun addr changes {}", series.mapping_changes());
    }
    results_ << line << '\n';
    if (series.received() == 0) errors_ << last.error << '\n';
  }
  const bool failed = !last.reply;
  if (style_.extras && (!failed || series.received() == 0)) {
    WriteFindings(failed ? errors_ : results_, asked, last);
  }
  mapped_.reset();
  results_ << std::flush;
  errors_ << std::flush;
}

void TextReport::OnEnd(int) {}

void TextReport::WriteAddresses(const Asked& asked, const Reply& reply) {
  results_ << "sent addr: " << asked.target.ToString() << '\n'
           << "from addr: " << reply.from.ToString() << '\n'
           << "stun addr: " << reply.match.mapped.ToString() << '\n';
}

void TextReport::WriteRoundTrip(const Asked& asked, const QueryResult& result) {
  const stun::Match& match = result.reply->match;
  const std::string nat = NatText(asked, match.mapped);
  results_ << fmt::format("rtt: {} (try {} of {}){}{}\n", RoundTripText(match.rtt), match.sends,
                          asked.most_sends, nat.empty() ? "" : "; ", nat);
}

void TextReport::WriteAttributes(const Reply& reply) {
  results_ << fmt::format("reply: {} bytes {}\n", reply.bytes.size(), EncodeHex(reply.bytes));
  stun::AttributeReader reader(ByteView(reply.bytes).subspan(stun::kHeaderSize));
  while (const auto attribute = reader.Next()) {
    const std::string_view name = stun::AttributeName(attribute->type);
    results_ << fmt::format("attr: 0x{:04x} {} {}\n", static_cast<unsigned>(attribute->type),
                            name.empty() ? "unknown" : name, EncodeHex(attribute->value));
  }
  if (reply.match.mapped_form) {
    results_ << "note: the server wrote the IPv4 address as IPv6 (::ffff:), as Tailscale's derper "
                "does on a dual-stack socket\n";
  }
}

void TextReport::WriteSeriesLine(unsigned number, const QueryResult& result, bool mapping_changed) {
  if (!result.reply) {
    results_ << fmt::format("{}: no reply in {}\n", number, WaitText(result.waited));
    return;
  }
  const stun::Match& match = result.reply->match;
  results_ << fmt::format("{}: {}", number, RoundTripText(match.rtt));
  if (match.sends > 1) results_ << fmt::format(" (try {})", match.sends);
  if (mapping_changed) results_ << "; stun addr now " << match.mapped.ToString();
  results_ << '\n';
}

void TextReport::WriteFindings(std::ostream& out, const Asked& asked, const QueryResult& result) {
  for (const Finding& finding : JudgeQuery(asked, result)) {
    const bool error = finding.severity == Severity::kError;
    const std::string head = fmt::format("{}[{}]", SeverityName(finding.severity), finding.code);
    out << terminal_.Paint(error ? cli::Colour::kRed : cli::Colour::kYellow, head) << ' '
        << asked.target.ToString();
    if (!finding.headline.empty()) out << ": " << finding.headline;
    out << "\n    fact  " << finding.fact << "\n    help  " << finding.help << '\n';
  }
}

}  // namespace derp::stunc
