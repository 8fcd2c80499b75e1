// From what the methods say to one answer (issue: -verify-mode). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "derper/admission/verdict.h"

namespace derp::admission {

enum class Mode {
  kAll,  // every method must admit; who abstains does not object
  kAny,  // one that admits is enough; if all abstain, nobody objects
};

struct Decided {
  bool admitted = false;
  bool fail_open = false;         // admitted only because somebody could not be asked
  Reason reason = Reason::kBusy;  // of the verdict in `text`
  MethodKind method = MethodKind::kDenyFile;
  std::string text{};  // why not; or with fail_open, why all the same
};

class Decision {
 public:
  // `methods` say something each, one at least.
  Decision(Mode mode, std::size_t methods) : mode_(mode), missing_(methods) {}

  // Gives the decision once, as soon as it is certain.
  std::optional<Decided> Add(MethodKind method, const Verdict& verdict);

 private:
  const Mode mode_;
  std::size_t missing_;
  bool done_ = false;
  bool admitted_ = false;
  std::optional<Decided> refusal_;  // the first
  std::optional<Decided> abstention_;
};

}  // namespace derp::admission
