// Tells the packets of one flow apart by their numbers, which are sent in order from 0: next in
// line, ahead of missing ones, behind its time, or seen before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace derp::load {

class SequenceCheck {
 public:
  // A number further behind than this cannot be looked up: it counts as late, not as a duplicate.
  static constexpr std::size_t kRemembered = 1024;

  enum class Verdict { kNext, kAfterGap, kLate, kDuplicate };

  Verdict Take(std::uint64_t number) {
    if (number == next_) {
      ++next_;
      ++received_;
      Set(number);
      return Verdict::kNext;
    }
    return number > next_ ? TakeAhead(number) : TakeBehind(number);
  }

  std::uint64_t next() const { return next_; }          // one above the highest seen
  std::uint64_t received() const { return received_; }  // without duplicates

 private:
  static constexpr std::size_t kBits = 64;

  Verdict TakeAhead(std::uint64_t number);
  Verdict TakeBehind(std::uint64_t number);
  std::uint64_t& WordOf(std::uint64_t number) { return seen_[number % kRemembered / kBits]; }
  static std::uint64_t BitOf(std::uint64_t number) { return std::uint64_t{1} << number % kBits; }
  void Set(std::uint64_t number) { WordOf(number) |= BitOf(number); }

  std::uint64_t next_ = 0;
  std::uint64_t received_ = 0;
  std::array<std::uint64_t, kRemembered / kBits> seen_{};  // of the numbers below next_
};

}  // namespace derp::load
