// One outgoing HTTP request, start to end: maps, admission, tailscaled's local API, ACME, secrets.
// Blocking and bounded in time and bytes; any thread. Proxies come from the environment
// (http_proxy, https_proxy, all_proxy, no_proxy; never for loopback), trust anchors from the system
// (SSL_CERT_FILE and SSL_CERT_DIR honoured). libcurl stays inside the .cc file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/defaults.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/http/headers.h"

namespace derp::http {

struct FetchRequest {
  std::string url;  // http, https or file
  std::string method = "GET";
  Headers headers{};
  std::optional<std::string> body{};
  // Talk to this Unix socket instead of the URL's host, which then only fills the Host header:
  // "http://local-tailscaled.sock/localapi/v0/derpmap". No proxies, no redirects.
  std::string unix_socket{};
  // Connect there, wherever the URL's host resolves to, and through no proxy: the caller has looked
  // at the address and means it.
  std::optional<SocketAddress> connect_to{};
  std::size_t max_body = kMaxDerpMapBytes;
  bool cut_body = false;  // what is beyond max_body is left out and not read; else it is an error
  // Up to 10, to http and https only; else the redirect itself is the response.
  bool follow_redirects = true;
  // Asked about once a second, in the calling thread: true ends the request with kCancelled.
  std::function<bool()> cancelled{};
};

struct FetchResponse {
  int status = 0;  // of the last response; a file is 200, a missing one 404, as in Go
  Headers headers{};
  std::string body{};
  std::string url{};  // after redirects

  // For the next request's If-None-Match and If-Modified-Since.
  std::string_view etag() const { return headers.Get("ETag"); }
  std::string_view last_modified() const { return headers.Get("Last-Modified"); }
};

// Any status is a response; an error means that there was none. Its text begins as Go's does
// (`Get "http://h/x": connect: connection refused`) and shows no password of the URL.
Expected<FetchResponse, Error> Fetch(const FetchRequest& request, TimePoint deadline);

// The same for one who asks the same servers again: keeps their connections open. One thread.
class Fetcher {
 public:
  Fetcher();
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  Expected<FetchResponse, Error> Fetch(const FetchRequest& request, TimePoint deadline);

  // After a failure: the head of a response, other than a redirect to be followed, had come.
  bool response_began() const { return response_began_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool response_began_ = false;
};

}  // namespace derp::http
