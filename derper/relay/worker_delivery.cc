// What a worker passes on to its own connections, to other workers and to the control thread.
#include <utility>

#include "derper/relay/worker.h"

namespace derp::relay {

std::optional<DropReason> Worker::Deliver(ConnectionRef to, PacketKind kind,
                                          const HashedKey& source, ByteView payload,
                                          bool from_mesh) {
  if (to.worker == index_) {
    Connection* connection = Find(to);
    if (connection != nullptr && connection->Deliver(kind, source, payload, from_mesh)) {
      return std::nullopt;
    }
    counters_.Drop(DropReason::kGoneDisconnected, kind, payload.size());
    return DropReason::kGoneDisconnected;
  }
  Letter letter;
  letter.source = source;
  letter.to = to;
  letter.kind = kind;
  letter.from_mesh = from_mesh;
  return Send(to.worker, letter, payload);
}

std::optional<DropReason> Worker::Forward(LinkId link, PacketKind kind, const HashedKey& source,
                                          const NodePublic& destination, ByteView payload) {
  const RelayState::Link& target = state_.links[link];
  if (target.worker == index_) {
    target.link->Forward(source.key, destination, payload);
    return std::nullopt;
  }
  Letter letter;
  letter.source = source;
  letter.forward_to = destination;
  letter.link = link;
  letter.kind = kind;
  letter.is_forward = true;
  return Send(target.worker, letter, payload);
}

std::optional<DropReason> Worker::Send(std::uint16_t to_worker, const Letter& letter,
                                       ByteView payload) {
  switch (state_.mailbox(index_, to_worker).Add(letter, payload)) {
    case Mailbox::Outcome::kRefused:
      counters_.Drop(DropReason::kQueueTail, letter.kind, payload.size());
      return DropReason::kQueueTail;
    case Mailbox::Outcome::kAddedFirst:
      to_wake_[to_worker] = true;
      break;
    case Mailbox::Outcome::kAdded:
      break;
  }
  return std::nullopt;
}

void Worker::WakeOthers() {
  for (std::size_t i = 0; i < to_wake_.size(); ++i) {
    if (!to_wake_[i]) continue;
    to_wake_[i] = false;
    state_.workers[i]->loop_.Wake();  // its turn ends with reading its mail
  }
}

void Worker::ReadMail() {
  for (std::size_t from = 0; from < state_.workers.size(); ++from) {
    if (from == index_) continue;
    state_.mailbox(from, index_).Take(mail_);
    HandleMail(mail_);
  }
}

void Worker::HandleMail(const Mail& mail) {
  if (!mail.letters.empty()) relay_work_ = true;
  for (const Letter& letter : mail.letters) {
    const ByteView payload = mail.payload(letter);
    if (letter.is_forward) {
      state_.links[letter.link].link->Forward(letter.source.key, letter.forward_to, payload);
      continue;
    }
    Connection* connection = Find(letter.to);
    if (connection == nullptr ||
        !connection->Deliver(letter.kind, letter.source, payload, letter.from_mesh)) {
      counters_.Drop(DropReason::kGoneDisconnected, letter.kind, payload.size());
      flows_.untracked().counts.Drop(
          DropReason::kGoneDisconnected);  // whom it was for is forgotten
    }
  }
}

void Worker::PostTo(std::uint16_t worker, std::function<void(Worker&)> task) {
  Worker& target = *state_.workers[worker];
  if (&target == this) {
    task(*this);
    return;
  }
  target.loop_.Post([&target, run = std::move(task)] { run(target); });
}

// While the relay stops everybody leaves, and has been told so.
void Worker::TellPeerLeft(const HashedKey& peer, const std::vector<ConnectionRef>& interested) {
  if (stop_by_) return;
  std::vector<std::vector<ConnectionRef>> by_worker(state_.workers.size());
  for (const ConnectionRef ref : interested) by_worker[ref.worker].push_back(ref);
  for (std::size_t i = 0; i < by_worker.size(); ++i) {
    if (by_worker[i].empty()) continue;
    PostTo(static_cast<std::uint16_t>(i), [peer, refs = std::move(by_worker[i])](Worker& worker) {
      for (const ConnectionRef ref : refs) {
        Session* session = worker.FindSession(ref);
        if (session == nullptr) continue;
        session->TellPeerLeft(peer);
        worker.FlushLater(ref);
      }
    });
  }
}

void Worker::CheckDuplicates(const std::vector<ConnectionRef>& connections) {
  if (stop_by_) return;
  for (const ConnectionRef ref : connections) {
    PostTo(ref.worker, [ref](Worker& worker) {
      Session* session = worker.FindSession(ref);
      if (session == nullptr) return;
      session->CheckDuplicates();
      worker.FlushLater(ref);
    });
  }
}

void Worker::ClosePeer(const NodePublic& peer) {
  const std::vector<ConnectionRef> targets = registry().Connections(registry().Hash(peer));
  if (targets.empty()) logger().Debug("derp: ClosePeer of unknown {}", peer.ShortString());
  for (const ConnectionRef ref : targets) {
    PostTo(ref.worker, [ref](Worker& worker) {
      if (Connection* connection = worker.Find(ref)) connection->Doom();
    });
  }
}

std::function<void()> Worker::WakeForWatcher(ConnectionRef connection) {
  return [this, connection] {
    loop_.Post([this, connection] {
      Session* session = FindSession(connection);
      if (session == nullptr || stop_by_) return;
      if (session->WatcherHasWork()) {
        FlushLater(connection);
        return;
      }
      logger().Warn("derp: mesh client {} does not read what it is told of others: closing",
                    session->key().key.ShortString());
      Find(connection)->Doom();
    });
  };
}

// The answer comes back to this worker; by then the asker may be gone, or the whole relay.
void Worker::AskSite(ConnectionRef asker, const http::Handler& site, http::Request request) {
  const auto answer = [this, alive = state_.alive, asker](http::Response response) {
    if (alive.expired()) {
      if (response.stream) response.stream->Leave();
      return;
    }
    loop_.Post([this, asker, reply = std::move(response)] {
      if (Connection* connection = Find(asker)) {
        connection->OnSiteReply(reply);
      } else if (reply.stream) {
        reply.stream->Leave();
      }
    });
  };
  state_.control.Post([alive = state_.alive, &site, answer, question = std::move(request)] {
    if (!alive.expired()) site(question, http::Responder(answer));
  });
}

void Worker::AskAdmission(ConnectionRef asker, const AdmissionQuestion& question) {
  options().admission->Ask(question, [this, state = state_.weak_from_this(), asker](bool admitted) {
    const auto living = state.lock();
    if (!living) return;
    loop_.Post([this, asker, admitted] {
      if (Connection* connection = Find(asker)) connection->OnAdmission(admitted);
    });
  });
}

}  // namespace derp::relay
