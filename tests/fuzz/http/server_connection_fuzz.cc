// A server connection gives the same requests and the same bytes wherever its input is cut; paths
// that begin with /stream are answered piece by piece.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/http/server_connection.h"

namespace {

using derp::ByteView;
using derp::Check;
using derp::http::ServerConnection;

struct Outcome {
  std::vector<std::string> requests;
  derp::Bytes output;
  bool closing = false;
};

void Feed(ServerConnection& connection, ByteView input, Outcome& outcome) {
  const derp::WallTime now = derp::FromUnixSeconds(0);
  for (;;) {
    const std::size_t before = input.size();
    auto request = connection.Next(input, now, outcome.output);
    if (!request) {
      Check(input.empty() || input.size() < before, "input moves while nothing is handled");
      if (input.empty()) return;
      continue;
    }
    Check(request->body.size() <= 64, "the body's limit holds");
    outcome.requests.push_back(request->method() + " " + request->path + " " + request->body);
    if (!request->path.starts_with("/stream")) {
      connection.Respond(derp::http::TextReply("ok"), now, outcome.output);
      continue;
    }
    // Whole before it starts, so that what is sent does not depend on the cut.
    const auto stream = std::make_shared<derp::http::BodyStream>();
    Check(stream->Write(request->query) && stream->Write("end"), "there is room");
    stream->End();
    connection.Respond({.stream = stream}, now, outcome.output);
    if (connection.phase() == ServerConnection::Phase::kStreaming) connection.Pump(outcome.output);
    Check(connection.phase() != ServerConnection::Phase::kStreaming, "the stream is over");
  }
}

Outcome Run(ByteView input, std::size_t piece) {
  ServerConnection connection({}, false, {.max_head = 512, .max_body = 64});
  Outcome outcome;
  while (!input.empty()) {
    const ByteView part = input.first(std::min(piece, input.size()));
    Feed(connection, part, outcome);
    input = input.subspan(part.size());
  }
  outcome.closing = connection.phase() == ServerConnection::Phase::kClosing;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A 100 Continue is only said when the body is not there yet, which cutting decides.
  const std::string text = derp::ToLowerAscii(derp::AsText(ByteView(data, size)));
  const bool expects = text.find("expect") != std::string::npos;
  const Outcome whole = Run(ByteView(data, size), size + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
    const Outcome cut = Run(ByteView(data, size), piece);
    Check(cut.requests == whole.requests, "the requests do not depend on the cut");
    Check(cut.closing == whole.closing, "nor does the end");
    if (!expects) Check(cut.output == whole.output, "nor do the bytes sent");
  }
  return 0;
}
