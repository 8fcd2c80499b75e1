// The report for people: the reference's three lines, and ours behind them. Ours appear only where
// `extras` is set (a terminal, or -verbose), except for what -count asks for.
#pragma once

#include <ostream>

#include "common/cli/terminal.h"
#include "stunc/report.h"

namespace derp::stunc {

struct TextStyle {
  bool extras = false;
  bool attributes = false;  // -verbose: the reply's bytes, too
  bool series = false;      // -count above 1: a line for each request and a summary
};

class TextReport final : public Report {
 public:
  // Results go to `results`, errors and findings about a missing reply to `errors`; the reference
  // writes both to stderr. The streams outlive the report.
  TextReport(const TextStyle& style, const cli::Terminal& terminal, std::ostream& results,
             std::ostream& errors);

  void OnError(std::string_view code, std::string_view text) override;
  void OnQuery(const Asked& asked, unsigned number, const QueryResult& result) override;
  void OnAddressEnd(const Asked& asked, const QueryResult& last, const Series& series) override;
  void OnEnd(int exit_code) override;

 private:
  void WriteAddresses(const Asked& asked, const Reply& reply);
  void WriteRoundTrip(const Asked& asked, const QueryResult& result);
  void WriteAttributes(const Reply& reply);
  void WriteSeriesLine(unsigned number, const QueryResult& result, bool mapping_changed);
  void WriteFindings(std::ostream& out, const Asked& asked, const QueryResult& result);

  const TextStyle style_;
  const cli::Terminal& terminal_;
  std::ostream& results_;
  std::ostream& errors_;
  std::optional<SocketAddress> mapped_;  // of the current address's last reply
};

}  // namespace derp::stunc
