#include "common/diagnosis/stage_session.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/dial.h"
#include "common/diagnosis/http_question.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

bool TimedOut(const ClientFailure& failure) {
  return failure.fault == ClientFault::kTransport && failure.error.code == ErrorCode::kTimeout;
}

// "status 404 Not Found, server nginx, begins \"<html>\""
std::string Describe(const HttpAnswer& answer) {
  std::string text = fmt::format("status {}", answer.status);
  if (!answer.reason.empty()) text += " " + PrintablePeerText(answer.reason);
  if (!answer.server.empty()) text += ", server " + PrintablePeerText(answer.server);
  if (!answer.first_words.empty()) {
    text += fmt::format(", begins \"{}\"", PrintablePeerText(answer.first_words));
  }
  return text;
}

Finding Refused(const HttpAnswer& answer, bool relay_answers) {
  const int status = answer.status;
  if (status >= 300 && status < 400) {
    const std::string target =
        answer.location.empty() ? "no target" : PrintablePeerText(answer.location);
    return MakeFinding("http.redirect", "redirects clients elsewhere",
                       fmt::format("status {} to {}", status, target),
                       "let /derp reach the relay without a redirect");
  }
  if (status == 404 && answer.first_words.find("derp server disabled") != std::string::npos) {
    return MakeFinding("http.derp_disabled", "serves no DERP", Describe(answer),
                       "remove -derp=false from the relay, or mark the node STUNOnly in the map");
  }
  if (relay_answers) {
    return MakeFinding(
        "http.upgrade_stripped", "something drops the upgrade on its way to the relay",
        fmt::format("{}, while /derp/probe answers as a relay does", Describe(answer)),
        "have the proxy pass Upgrade and Connection on, or pass TCP through");
  }
  if (status == 426 || status == 400 || status >= 500) {
    return MakeFinding("http.upgrade_refused", "refuses the upgrade to DERP", Describe(answer),
                       "look at the log of what answers there");
  }
  return MakeFinding("http.not_derp", "answers as no relay does", Describe(answer),
                     "correct the map, or let /derp reach the relay");
}

}  // namespace

Finding HttpFinding(const ClientFailure& failure, bool relay_answers, Duration waited) {
  Finding finding;
  if (failure.fault == ClientFault::kUpgradeRefused && failure.answer) {
    finding = Refused(*failure.answer, relay_answers);
    finding.data["status"] = std::int64_t{failure.answer->status};
  } else if (failure.fault == ClientFault::kUpgradeMalformed) {
    finding = MakeFinding("http.malformed", "speaks no HTTP behind TLS",
                          PrintablePeerText(failure.error.context), "correct the port in the map");
  } else if (TimedOut(failure)) {
    finding = MakeFinding("http.timeout", "does not answer the upgrade",
                          fmt::format("no complete answer in {}", ShortDuration(waited)),
                          "look at the relay's load and log");
  } else {
    finding = MakeFinding("http.closed", "closes the connection instead of answering",
                          fmt::format("closed {} after the request", Milliseconds(waited)),
                          "look at the log of what stands in front of the relay");
  }
  finding.data["error"] = PrintablePeerText(failure.error.context);
  return finding;
}

bool RelayAnswersProbe(const SocketAddress& address, const derpmap::Node& node,
                       const WalkContext& context, TimePoint deadline) {
  auto stream = DialTls(address, node, context, deadline);
  if (!stream) return false;
  const std::string request = fmt::format(
      "GET /derp/probe HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", node.HostHeader());
  const auto reply = AskHttp(**stream, request, context.clock, deadline);
  if (!reply) return false;
  const http::ResponseHead& head = reply->head;
  return head.status == 200 && head.headers.Get("Access-Control-Allow-Origin") == "*";
}

Finding GreetingFinding(const ClientFailure& failure, Duration waited) {
  Finding finding;
  if (failure.fault != ClientFault::kTransport) {
    finding = MakeFinding("derp.bad_greeting", "greets as no relay does",
                          PrintablePeerText(failure.error.context),
                          "let the connection reach a DERP relay unchanged");
  } else if (TimedOut(failure)) {
    finding = MakeFinding("derp.greeting_timeout", "accepts the upgrade, then stays silent",
                          fmt::format("no ServerKey in {}", ShortDuration(waited)),
                          "switch buffering off in the proxy; look at the relay's load");
  } else {
    finding = MakeFinding("derp.greeting_closed", "accepts the upgrade, then closes",
                          fmt::format("closed {} after the upgrade", Milliseconds(waited)),
                          "look at the proxy's and the relay's log");
  }
  finding.data["error"] = PrintablePeerText(failure.error.context);
  return finding;
}

Finding LoginFinding(const ClientFailure& failure, KnownKey known, Duration waited) {
  Finding finding;
  if (failure.fault == ClientFault::kBadServerKey) {
    finding = MakeFinding("derp.bad_greeting", "greets with a key nobody can use",
                          PrintablePeerText(failure.error.context), "replace the relay's key file");
  } else if (failure.fault != ClientFault::kTransport) {
    finding = MakeFinding("derp.bad_server_info", "answers the login unreadably",
                          PrintablePeerText(failure.error.context),
                          "let the connection reach one relay unchanged");
  } else if (TimedOut(failure)) {
    finding = MakeFinding("derp.login_timeout", "does not answer the login",
                          fmt::format("no ServerInfo in {}", ShortDuration(waited)),
                          "look at the relay's log and its admission controller");
  } else if (known != KnownKey::kNone) {
    const bool mesh = known == KnownKey::kMeshKey;
    finding = MakeFinding("derp.login_refused", "refuses a key it should know",
                          fmt::format("closed {} after a login with {}", Milliseconds(waited),
                                      mesh ? "the mesh key" : "the key of -key-file"),
                          mesh ? "give relay and prober the same mesh key"
                               : "make the key of -key-file known to what admits clients");
  } else {
    finding = MakeFinding(
        "admission.closed", "relay not tested: it admits known keys only",
        fmt::format("a throw-away key was refused {} after its login", Milliseconds(waited)),
        "give derpprobe the mesh key (-mesh-psk-file) or a known key (-key-file) to test the rest");
  }
  finding.data["error"] = PrintablePeerText(failure.error.context);
  return finding;
}

}  // namespace derp::diagnosis
