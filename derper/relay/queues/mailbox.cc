#include "derper/relay/queues/mailbox.h"

#include <utility>

namespace derp::relay {

namespace {

constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;      // per pair of workers
constexpr std::size_t kMaxLinkBytes = 3 * 1024 * 1024;  // of them for one mesh link
constexpr std::size_t kKeepCapacity = 512 * 1024;       // what a burst may leave behind
constexpr std::size_t kLetterSize = sizeof(Letter);     // empty packets cost memory as well

}  // namespace

Mailbox::Outcome Mailbox::Add(const Letter& letter, ByteView payload) {
  const MutexLock lock(mutex_);
  const std::size_t held = mail_.payloads.size() + mail_.letters.size() * kLetterSize;
  if (held + payload.size() + kLetterSize > kMaxBytes) return Outcome::kRefused;
  if (!Reserve(letter, payload.size())) return Outcome::kRefused;
  const bool first = mail_.letters.empty();
  Letter& added = mail_.letters.emplace_back(letter);
  added.offset = mail_.payloads.size();
  added.size = payload.size();
  AppendBytes(mail_.payloads, payload);
  return first ? Outcome::kAddedFirst : Outcome::kAdded;
}

bool Mailbox::Reserve(const Letter& letter, std::size_t size) {
  if (letter.is_forward) {
    if (link_bytes_.size() <= letter.link) link_bytes_.resize(letter.link + std::size_t{1});
    std::size_t& bytes = link_bytes_[letter.link];
    if (bytes + size > kMaxLinkBytes) return false;
    bytes += size;
    return true;
  }
  if (uses_.size() <= letter.to.slot) uses_.resize(letter.to.slot + std::size_t{1});
  Use& use = uses_[letter.to.slot];
  if (use.epoch != epoch_ || use.generation != letter.to.generation) {
    use = {.epoch = epoch_, .generation = letter.to.generation, .packets = {}, .bytes = {}};
  }
  const auto kind = static_cast<std::size_t>(letter.kind);
  if (use.packets[kind] >= per_destination_.packets) return false;
  if (use.packets[kind] > 0 && use.bytes[kind] + size > per_destination_.bytes) return false;
  ++use.packets[kind];
  use.bytes[kind] += size;
  return true;
}

void Mailbox::Take(Mail& mail) {
  mail.letters.clear();
  mail.payloads.clear();
  if (mail.payloads.capacity() > kKeepCapacity) mail.payloads = Bytes();
  if (mail.letters.capacity() * kLetterSize > kKeepCapacity) mail.letters = {};
  const MutexLock lock(mutex_);
  if (mail_.letters.empty()) return;
  std::swap(mail.letters, mail_.letters);
  std::swap(mail.payloads, mail_.payloads);
  link_bytes_.assign(link_bytes_.size(), 0);
  ++epoch_;
}

std::size_t Mailbox::waiting() const {
  const MutexLock lock(mutex_);
  return mail_.payloads.size();
}

}  // namespace derp::relay
