// What a client says about this relay being its home (NotePreferred, derp-protocol.md 5.13).
#pragma once

#include "common/base/clock.h"

namespace derp::relay {

// Belongs to a session.
class HomeNote {
 public:
  enum class Change {
    kNone,   // said before
    kEarly,  // right after connecting: nobody moved
    kMoved,  // to this home or away from it
  };

  explicit HomeNote(TimePoint connected) : connected_(connected) {}

  bool is_home() const { return is_home_; }
  TimePoint connected() const { return connected_; }

  Change Note(bool is_home, TimePoint now) {
    if (is_home == is_home_) return Change::kNone;
    is_home_ = is_home;
    return now - connected_ > kGrace ? Change::kMoved : Change::kEarly;
  }

 private:
  static constexpr auto kGrace = std::chrono::seconds(5);

  const TimePoint connected_;
  bool is_home_ = false;
};

}  // namespace derp::relay
