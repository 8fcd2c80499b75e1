// The report for programs (docs/schemas/stunc.json): one document at the end, or one line for each
// request and one for each series.
#pragma once

#include <memory>
#include <ostream>

#include "common/base/clock.h"
#include "stunc/options.h"
#include "stunc/report.h"

namespace derp::stunc {

class JsonReport final : public Report {
 public:
  // `options.format` is kJson or kJsonLine. `clock` and `out` outlive the report.
  JsonReport(const Options& options, const Clock& clock, std::ostream& out);
  ~JsonReport() override;

  void OnError(std::string_view code, std::string_view text) override;
  void OnQuery(const Asked& asked, unsigned number, const QueryResult& result) override;
  void OnAddressEnd(const Asked& asked, const QueryResult& last, const Series& series) override;
  void OnEnd(int exit_code) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::stunc
