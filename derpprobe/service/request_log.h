// One JSON line per request, with the reference's fields in its order (derpprobe.md 7): for pages
// and what runs a probe, not for what is scraped.
#pragma once

#include <string>

#include "common/base/log.h"
#include "common/http/request.h"
#include "common/http/responder.h"

namespace derp::probe {

// What is known once the answer is there.
struct AnsweredRequest {
  WallTime began{};
  Duration took{};
  int code = 200;
  std::size_t bytes = 0;  // of the body
  std::string error{};    // the answer's text when it is an error
};
// Pure. A value of debugkey is shown as "***"; texts of the other side are cut to 512 bytes.
std::string RequestLogLine(const http::Request& request, const AnsweredRequest& answered);

// Lines beyond a burst of 100 and ten per second are counted instead. Any thread.
class RequestLog {
 public:
  // Both outlive the log and every responder it made.
  RequestLog(const Logger& logger, const Clock& clock)
      : clock_(clock), log_(logger, clock, 100, std::chrono::milliseconds(100)) {}

  // Answers through `responder` and writes the line then.
  http::Responder Watch(const http::Request& request, http::Responder responder);

 private:
  const Clock& clock_;
  RateLimitedLog log_;
};

}  // namespace derp::probe
