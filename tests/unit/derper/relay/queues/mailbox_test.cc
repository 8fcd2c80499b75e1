#include "derper/relay/queues/mailbox.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;
using Outcome = Mailbox::Outcome;

namespace {

Letter To(std::uint32_t slot, std::uint32_t generation = 0, PacketKind kind = PacketKind::kOther) {
  Letter letter;
  letter.to = {.worker = 1, .slot = slot, .generation = generation};
  letter.kind = kind;
  return letter;
}

}  // namespace

TEST_CASE("mail arrives in order and wakes the reader once", "[relay]") {
  Mailbox box({});
  CHECK(box.Add(To(1), Bytes{1, 2}) == Outcome::kAddedFirst);
  CHECK(box.Add(To(2), Bytes{}) == Outcome::kAdded);
  CHECK(box.Add(To(1), Bytes{3}) == Outcome::kAdded);
  Mail mail;
  box.Take(mail);
  REQUIRE(mail.letters.size() == 3);
  CHECK(mail.payload(mail.letters[0])[1] == 2);
  CHECK(mail.payload(mail.letters[1]).empty());
  CHECK(mail.payload(mail.letters[2])[0] == 3);
  CHECK(box.Add(To(1), Bytes{4}) == Outcome::kAddedFirst);
  box.Take(mail);
  CHECK(mail.letters.size() == 1);
  box.Take(mail);
  CHECK(mail.letters.empty());
}

TEST_CASE("one destination gets no more room than its lanes have", "[relay]") {
  Mailbox box({.packets = 2, .bytes = 100});
  CHECK(box.Add(To(1), Bytes(60)) != Outcome::kRefused);
  CHECK(box.Add(To(1), Bytes(60)) == Outcome::kRefused);
  CHECK(box.Add(To(1), Bytes(1)) != Outcome::kRefused);
  CHECK(box.Add(To(1), Bytes(1)) == Outcome::kRefused);
  CHECK(box.Add(To(1, 0, PacketKind::kDisco), Bytes(1)) != Outcome::kRefused);
  CHECK(box.Add(To(1, 1), Bytes(1)) != Outcome::kRefused);
  CHECK(box.Add(To(2), Bytes(500)) != Outcome::kRefused);
  Mail mail;
  box.Take(mail);
  CHECK(box.Add(To(1), Bytes(60)) != Outcome::kRefused);
}

TEST_CASE("a mailbox holds four mebibytes, three of them for one mesh link", "[relay]") {
  Mailbox box({.packets = 1000, .bytes = std::size_t{1} << 30});
  Letter forward;
  forward.is_forward = true;
  std::size_t forwarded = 0;
  while (box.Add(forward, Bytes(65536)) != Outcome::kRefused) ++forwarded;
  CHECK(forwarded == 48);
  std::size_t taken = forwarded;
  for (std::uint32_t slot = 0; box.Add(To(slot), Bytes(65536)) != Outcome::kRefused; ++slot)
    ++taken;
  CHECK(taken == 63);  // the letters themselves take a little
}
