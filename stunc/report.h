// What is told while stunc runs. run.h calls; report_text.h and report_json.h write.
#pragma once

#include <string_view>

#include "stunc/findings.h"
#include "stunc/query.h"
#include "stunc/series.h"

namespace derp::stunc {

class Report {
 public:
  virtual ~Report() = default;

  // Nothing was asked: the name did not resolve, or no socket could be opened.
  virtual void OnError(std::string_view code, std::string_view text) = 0;
  // `number` counts from 1 for each address.
  virtual void OnQuery(const Asked& asked, unsigned number, const QueryResult& result) = 0;
  // After the last query of an address.
  virtual void OnAddressEnd(const Asked& asked, const QueryResult& last, const Series& series) = 0;
  virtual void OnEnd(int exit_code) = 0;
};

}  // namespace derp::stunc
