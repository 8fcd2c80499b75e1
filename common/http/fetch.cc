#include "common/http/fetch.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "common/base/text.h"
#include "common/http/head_syntax.h"

namespace derp::http {
namespace {

constexpr long kMaxRedirects = 10;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

// What the callbacks fill.
struct Transfer {
  FetchResponse response;
  std::size_t max_body = 0;
  bool cut_body = false;
  bool follows_redirects = false;
  std::size_t header_bytes = 0;
  int status = 0;  // of the head that comes
  bool began = false;
  bool too_large = false;
  bool cut = false;
};

// 1xx is followed by the response proper, a redirect by another one.
bool IsFinal(const Transfer& transfer) {
  if (transfer.status < 200) return false;
  const bool redirect =
      transfer.status >= 300 && transfer.status < 400 && transfer.response.headers.Has("Location");
  return !redirect || !transfer.follows_redirects;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  const std::size_t room = transfer->max_body - transfer->response.body.size();
  if (bytes > room) {
    if (transfer->cut_body) transfer->response.body.append(data, room);
    (transfer->cut_body ? transfer->cut : transfer->too_large) = true;
    return 0;
  }
  transfer->response.body.append(data, bytes);
  return bytes;
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  transfer->header_bytes += bytes;
  if (transfer->header_bytes > kMaxHeaderBytes) {
    transfer->too_large = true;
    return 0;
  }
  const std::string_view line = TrimSpace(std::string_view(data, bytes));
  // A status line begins a new response: the one before was a redirect or a 100.
  if (line.starts_with("HTTP/")) {
    transfer->response.headers = Headers();
    transfer->status = std::atoi(std::string(line.substr(line.find(' ') + 1)).c_str());
  }
  if (line.empty()) transfer->began = IsFinal(*transfer);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && IsToken(line.substr(0, colon))) {
    transfer->response.headers.Add(line.substr(0, colon), TrimSpace(line.substr(colon + 1)));
  }
  return bytes;
}

// Anything but zero ends the transfer.
int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const FetchRequest*>(user)->cancelled() ? 1 : 0;
}

// libcurl wants this once, before any thread uses it; a local static is run once by any of them.
bool InitCurl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  return result == CURLE_OK;
}

// The URL with its password hidden, as Go's errors show it.
std::string Redacted(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return url;
  const std::size_t authority = start + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", authority), url.size());
  const std::size_t at = url.rfind('@', end);
  const std::size_t colon = url.find(':', authority);
  if (at == std::string::npos || at < authority || colon == std::string::npos || colon > at) {
    return url;
  }
  return url.substr(0, colon + 1) + "xxxxx" + url.substr(at);
}

std::string Doing(const FetchRequest& request) {
  std::string verb = ToLowerAscii(request.method);
  if (!verb.empty() && verb[0] >= 'a' && verb[0] <= 'z') {
    verb[0] = static_cast<char>(verb[0] - 'a' + 'A');
  }
  return verb + " " + GoQuote(Redacted(request.url));
}

ErrorCode CodeOf(CURLcode result) {
  switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorCode::kInvalidArgument;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return ErrorCode::kNotFound;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::kTimeout;
    case CURLE_COULDNT_CONNECT:
      return ErrorCode::kRefused;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorCode::kTls;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return ErrorCode::kClosed;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return ErrorCode::kReset;
    case CURLE_FILESIZE_EXCEEDED:
      return ErrorCode::kTooLarge;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_WEIRD_SERVER_REPLY:
      return ErrorCode::kProtocol;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::kResource;
    case CURLE_ABORTED_BY_CALLBACK:
      return ErrorCode::kCancelled;
    default:
      return ErrorCode::kSystem;
  }
}

Error Describe(const FetchRequest& request, CURLcode result, CURL* handle, const char* detail) {
  const std::string doing = Doing(request);
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
      return Error{ErrorCode::kTimeout, doing + ": context deadline exceeded", 0};
    case CURLE_ABORTED_BY_CALLBACK:
      return Error{ErrorCode::kCancelled, doing + ": context canceled", 0};
    case CURLE_TOO_MANY_REDIRECTS:
      return Error{ErrorCode::kProtocol, doing + ": stopped after 10 redirects", 0};
    case CURLE_COULDNT_CONNECT: {
      long number = 0;
      curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
      if (number != 0) return SystemError(doing + ": connect", static_cast<int>(number));
      break;
    }
    default:
      break;
  }
  const std::string text = *detail != '\0' ? detail : curl_easy_strerror(result);
  return Error{CodeOf(result), doing + ": " + text, 0};
}

void SetTrust(CURL* handle) {
  // libcurl's library, unlike its tool and Go, does not look at these.
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') {
    curl_easy_setopt(handle, CURLOPT_CAINFO, file);
  }
  if (const char* folder = std::getenv("SSL_CERT_DIR"); folder != nullptr && *folder != '\0') {
    curl_easy_setopt(handle, CURLOPT_CAPATH, folder);
  }
}

// What Go leaves out of proxies beside no_proxy: this machine.
std::string DirectHosts() {
  const char* listed = std::getenv("no_proxy");
  if (listed == nullptr) listed = std::getenv("NO_PROXY");
  const std::string hosts = listed == nullptr ? "" : listed;
  if (TrimSpace(hosts) == "*") return "*";
  return (hosts.empty() ? "" : hosts + ",") + "localhost,127.0.0.0/8,::1";
}

void SetMethod(CURL* handle, const FetchRequest& request) {
  if (request.body) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body->size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body->data());
    if (request.method != "POST") {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  } else if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, 0L);
  } else if (request.method != "GET") {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

CurlList HeaderList(const FetchRequest& request) {
  // Without "Expect:" libcurl waits for a 100 before larger bodies; without the second line it
  // calls every body a form.
  std::vector<std::string> lines{"Expect:"};
  if (!request.headers.Has("Content-Type")) lines.push_back("Content-Type:");
  if (!request.headers.Has("User-Agent")) lines.push_back("User-Agent: derp-tools/" DERP_VERSION);
  for (const Header& item : request.headers.items()) {
    // libcurl's way to send a header without a value.
    lines.push_back(item.value.empty() ? item.name + ";" : item.name + ": " + item.value);
  }
  CurlList list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return nullptr;
    if (!list) list.reset(longer);
  }
  return list;
}

void SetLimits(CURL* handle, const FetchRequest& request, Duration left) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(ms));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(ms));
  if (!request.cut_body) {
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_body));
  }
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR,
                   request.unix_socket.empty() ? "http,https,file" : "http");
  // A map's server must not be able to send us to our own files.
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
  const bool follow = request.follow_redirects && request.unix_socket.empty();
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, follow ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (!request.unix_socket.empty()) {
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
  } else {
    curl_easy_setopt(handle, CURLOPT_NOPROXY, DirectHosts().c_str());
  }
}

// One entry that fits every host and port of the request.
CurlList ConnectTo(const FetchRequest& request) {
  if (!request.connect_to) return nullptr;
  return CurlList(curl_slist_append(nullptr, ("::" + request.connect_to->ToString()).c_str()));
}

// A control byte would end a line of the request, or the URL where it is cut from a file.
bool IsClean(const FetchRequest& request) {
  bool clean = IsToken(request.method) && IsFieldValue(request.url);
  for (const Header& item : request.headers.items()) {
    clean = clean && IsToken(item.name) && IsFieldValue(item.value);
  }
  return clean;
}

void SetTransfer(CURL* handle, const FetchRequest& request, Transfer& transfer) {
  transfer.max_body = request.max_body;
  transfer.cut_body = request.cut_body;
  transfer.follows_redirects = request.follow_redirects && request.unix_socket.empty();
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  if (!request.cancelled) return;
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &OnProgress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &request);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

FetchResponse Take(Transfer& transfer, CURL* handle, const FetchRequest& request) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  const char* url = nullptr;
  curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &url);
  transfer.response.status = status == 0 ? 200 : static_cast<int>(status);
  transfer.response.url = url != nullptr ? url : request.url;
  return std::move(transfer.response);
}

}  // namespace

struct Fetcher::Impl {
  CurlHandle handle;
};

Fetcher::Fetcher() : impl_(std::make_unique<Impl>()) {}
Fetcher::~Fetcher() = default;

Expected<FetchResponse, Error> Fetcher::Fetch(const FetchRequest& request, TimePoint deadline) {
  response_began_ = false;
  if (!IsClean(request)) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      "fetch: method, URL or header with characters they cannot have", 0});
  }
  const Duration left = Remaining(SystemClock().Now(), deadline);
  if (left == Duration::zero()) {
    return Fail(Error{ErrorCode::kTimeout, Doing(request) + ": context deadline exceeded", 0});
  }
  if (!impl_->handle && InitCurl()) impl_->handle.reset(curl_easy_init());
  CURL* curl = impl_->handle.get();
  const CurlList headers = HeaderList(request);
  const CurlList connect_to = ConnectTo(request);
  if (curl == nullptr || !headers || (request.connect_to && !connect_to)) {
    return Fail(Error{ErrorCode::kResource, Doing(request) + ": libcurl does not start", 0});
  }
  curl_easy_reset(curl);  // The options; connections stay.
  Transfer transfer;
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  SetTransfer(curl, request, transfer);
  SetTrust(curl);
  SetMethod(curl, request);
  SetLimits(curl, request, left);
  if (connect_to) {
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to.get());
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
  }

  const CURLcode result = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  response_began_ = transfer.began;
  if (result == CURLE_FILE_COULDNT_READ_FILE) return FetchResponse{.status = 404};
  if (transfer.too_large || result == CURLE_FILESIZE_EXCEEDED) {
    response_began_ = true;  // perhaps only its Content-Length
    return Fail(Error{
        ErrorCode::kTooLarge,
        Doing(request) + ": more than " + std::to_string(request.max_body) + " bytes of answer",
        0});
  }
  if (result != CURLE_OK && !transfer.cut) {
    return Fail(Describe(request, result, curl, detail.data()));
  }
  // libcurl takes a head that breaks off for a whole one.
  if (transfer.status != 0 && !transfer.began) {
    return Fail(Error{ErrorCode::kClosed, Doing(request) + ": unexpected EOF", 0});
  }
  return Take(transfer, curl, request);
}

Expected<FetchResponse, Error> Fetch(const FetchRequest& request, TimePoint deadline) {
  return Fetcher().Fetch(request, deadline);
}

}  // namespace derp::http
