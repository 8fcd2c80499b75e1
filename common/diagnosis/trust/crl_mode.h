// How much a certificate's revocation list counts (-crl).
#pragma once

namespace derp::diagnosis {

enum class CrlMode {
  kOff,   // not fetched
  kSoft,  // a list that cannot be had is an info, cert.crl_unavailable
  kHard,  // it is an error
};

}  // namespace derp::diagnosis
