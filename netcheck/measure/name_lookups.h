// Names resolved beside the poll loop: the system's resolver blocks, so a few threads ask it and
// leave the answers where poll() sees them. Belongs to one thread; its workers end with it.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/net/fd.h"
#include "common/net/resolver.h"
#include "netcheck/measure/stun_phase.h"

namespace derp::netcheck {

class NameLookups {
 public:
  // `resolver` must outlive it and take calls from several threads.
  explicit NameLookups(net::Resolver& resolver);
  // Drops what has not begun; waits for what has, at most until its deadline.
  ~NameLookups();
  NameLookups(const NameLookups&) = delete;
  NameLookups& operator=(const NameLookups&) = delete;

  void Start(const Lookup& lookup, TimePoint deadline);

  struct Answer {
    Lookup lookup;
    std::vector<IpAddress> addresses;
    std::string why;  // when there are none
  };
  std::vector<Answer> Take();             // without waiting
  int fd() const { return wake_.get(); }  // readable when Take() has something

 private:
  struct Question {
    Lookup lookup;
    TimePoint deadline;
  };
  void Work();
  Answer Ask(const Question& question);

  net::Resolver& resolver_;
  net::Fd wake_;
  Mutex mutex_;
  CondVar changed_;
  bool ending_ DERP_GUARDED_BY(mutex_) = false;
  std::size_t idle_ DERP_GUARDED_BY(mutex_) = 0;
  std::deque<Question> questions_ DERP_GUARDED_BY(mutex_);
  std::vector<Answer> answers_ DERP_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_;
};

}  // namespace derp::netcheck
