#include "derpprobe/service/request_log.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;
using namespace derp::probe;

namespace {

http::Request Asking(std::string target) {
  http::Request request;
  request.head.method = "GET";
  request.head.target = std::move(target);
  request.head.minor_version = 1;
  request.head.headers.Set("Host", "127.0.0.1:28039");
  request.head.headers.Set("User-Agent", "ua \"x\"<b>");
  request.remote = {*IpAddress::Parse("127.0.0.1"), 51650};
  return request;
}

}  // namespace

TEST_CASE("a request's line has the reference's members in their order", "[service][log]") {
  http::Request request = Asking("/?a=1");
  request.head.headers.Set("Referer", "http://ref/");
  CHECK(RequestLogLine(request, {.began = FromUnixSeconds(1'795'292'483),
                                 .took = std::chrono::nanoseconds(660'197),
                                 .code = 200,
                                 .bytes = 7003}) ==
        R"({"time":"2026-11-21T20:21:23Z","duration":0.000660197,"remote_addr":"127.0.0.1:51650",)"
        R"("proto":"HTTP/1.1","host":"127.0.0.1:28039","method":"GET","request_uri":"/?a=1",)"
        R"("user_agent":"ua \"x\"\u003cb\u003e","referer":"http://ref/","code":200,"bytes":7003})");
}

TEST_CASE("neither secrets nor floods get into a request's line", "[service][log]") {
  http::Request request = Asking("/debug/probe-run?name=zzz&debugkey=sesame");
  request.head.headers.Set("Referer", "http://ref/?debugkey=sesame");
  request.head.headers.Set("User-Agent", std::string(10'000, 'u'));
  const std::string line = RequestLogLine(request, {.code = 404, .error = "unknown probe \"zzz\""});
  CHECK(line.find("sesame") == std::string::npos);
  CHECK(line.size() < 1200);
  CHECK(line.ends_with(R"("code":404,"err":"unknown probe \"zzz\""})"));
}

TEST_CASE("the line comes with the answer, whoever gives it", "[service][log]") {
  std::string log;
  const Logger logger([&log](LogLevel, std::string_view text) { log += text; });
  const test::FakeClock clock;
  RequestLog requests(logger, clock);
  int status = 0;
  const auto send = [&status](const http::Response& response) { status = response.status; };
  requests.Watch(Asking("/"), http::Responder(send)).Send(http::ErrorReply(503, "too many"));
  CHECK(status == 503);
  CHECK(log.ends_with(R"("code":503,"bytes":9,"err":"too many"})"));
  log.clear();
  {
    const http::Responder dropped = requests.Watch(Asking("/"), http::Responder(send));
  }
  CHECK(status == 500);
  CHECK(log.find(R"("code":500)") != std::string::npos);
}
