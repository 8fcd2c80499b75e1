// Responses as values, the forms Go's servers use (error reply, redirect), and writing them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/http/headers.h"

namespace derp::http {

class BodyStream;

struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
  std::shared_ptr<BodyStream> stream{};  // when set, the body comes from here, piece by piece
};

// "Not Found"; empty for a number without a name.
std::string_view StatusText(int status);

Response TextReply(std::string body);
Response HtmlReply(std::string body);
// derper.md 2.4: text/plain, nosniff, the message and a line end.
Response ErrorReply(int status, std::string_view message);
Response NotFound();  // "404 page not found"
// Go's http.Redirect: GET gets a small page with the link, HEAD its headers.
Response Redirect(std::string_view method, int status, std::string_view location);

// derper.md 2.4: what public pages carry, and what pages under /debug/ carry (inline styles).
void AddBrowserHeaders(Headers& headers);
void AddDebugHeaders(Headers& headers);

// What the request decides about the response's form.
struct ResponseForm {
  bool head = false;  // no body
  unsigned minor_version = 1;
  bool keep_alive = true;
};

// Appends status line, headers, Date, Content-Length, Connection and body; for a streamed body the
// head alone. A missing Content-Type
// is text/plain, or text/html when the body starts like that, none without a body.
void WriteResponse(const Response& response, const ResponseForm& form, WallTime now, Bytes& out);

// "Sat, 21 Nov 2026 11:10:23 GMT" (RFC 9110 5.6.7).
std::string FormatHttpDate(WallTime time);

}  // namespace derp::http
