#include "common/derp/client_dialogue.h"

#include <utility>

namespace derp {

ClientDialogue::ClientDialogue(Options options, RandomSource& random)
    : options_(std::move(options)), random_(random) {}

std::optional<Error> ClientDialogue::Start(const std::optional<NodePublic>& server, Bytes& out) {
  options_.request.fast_start = server.has_value();
  const std::string request = wire::UpgradeRequestText(options_.request);
  if (server) {
    Bytes first;
    AppendText(first, request);
    auto error = LogIn(*server, /*fast_start=*/true, first);
    if (!error) AppendBytes(out, first);
    return error;
  }
  AppendText(out, request);
  login_.emplace();
  return std::nullopt;
}

std::optional<Error> ClientDialogue::LogIn(const NodePublic& server, bool fast_start, Bytes& out) {
  if (options_.refuse) {
    if (auto error = options_.refuse(server)) return error;
  }
  const auto box = BoxKey::Make(options_.identity.key, server);
  if (!box) {
    return Error{.code = ErrorCode::kProtocol,
                 .context = "nothing can be sealed to the relay's key"};
  }
  AppendLogin(out, options_.identity, options_.own, *box, RandomNonce(random_));
  login_.reset();
  session_.emplace(*box, server, fast_start);
  return std::nullopt;
}

std::optional<Error> ClientDialogue::Feed(ByteView bytes, TimePoint now, Bytes& out,
                                          const Take& take) {
  // Whole frames are read where they are; only what is left of a cut one is kept.
  const bool kept = !input_.empty();
  if (kept) AppendBytes(input_, bytes);
  ByteView input = kept ? ByteView(input_) : bytes;
  const std::size_t size = input.size();
  std::optional<Error> error;
  if (login_) error = FeedLogin(input, out);
  if (!error && session_) error = FeedSession(input, now, out, take);
  if (error) return error;
  if (kept) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size - input.size()));
  } else {
    AppendBytes(input_, input);
  }
  return std::nullopt;
}

std::optional<Error> ClientDialogue::FeedLogin(ByteView& input, Bytes& out) {
  for (;;) {
    const auto before = login_->state();
    const auto after = login_->Feed(input);
    if (after == ClientLogin::State::kFailed) return login_->failure().error;
    if (after == ClientLogin::State::kReady) {
      return LogIn(NodePublic(login_->server()), /*fast_start=*/false, out);
    }
    if (after == before) return std::nullopt;
  }
}

std::optional<Error> ClientDialogue::FeedSession(ByteView& input, TimePoint now, Bytes& out,
                                                 const Take& take) {
  for (;;) {
    const auto message = session_->Take(input, now);
    if (!message) return message.error().error;
    if (!*message || !take(**message, out)) return std::nullopt;
  }
}

}  // namespace derp
