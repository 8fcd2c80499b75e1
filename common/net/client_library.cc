#include "common/net/client_library.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <openssl/core_dispatch.h>
#include <openssl/opensslv.h>
#include <openssl/provider.h>

namespace derp::net {
namespace {

// Keys of certificates and of key exchanges, and what TLS derives keys with.
constexpr std::array<std::string_view, 10> kKeys = {
    "RSA", "RSA-PSS", "EC", "ED25519", "ED448", "X25519", "X448", "HMAC", "HKDF", "TLS1-PRF"};

bool IsWantedKey(const OSSL_ALGORITHM& algorithm) {
  const std::string_view names = algorithm.algorithm_names;
  return std::find(kKeys.begin(), kKeys.end(), names.substr(0, names.find(':'))) != kKeys.end();
}

bool ReadsCertificateKeys(const OSSL_ALGORITHM& algorithm) {
  const std::string_view properties = algorithm.property_definition;
  return properties.find("input=der") != std::string_view::npos &&
         properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos;
}

// The default provider, in a context of its own, and what is passed on of it.
struct Original {
  OSSL_PROVIDER* provider = nullptr;
  std::vector<OSSL_ALGORITHM> keys;
  std::vector<OSSL_ALGORITHM> decoders;
};

template <typename Wanted>
std::vector<OSSL_ALGORITHM> Choose(OSSL_PROVIDER* provider, int operation, Wanted wanted) {
  std::vector<OSSL_ALGORITHM> chosen;
  int no_cache = 0;
  const OSSL_ALGORITHM* each = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
  for (; each != nullptr && each->algorithm_names != nullptr; ++each) {
    if (wanted(*each)) chosen.push_back(*each);
  }
  if (!chosen.empty()) chosen.push_back({});  // the end of the list
  return chosen;
}

const Original& TheOriginal() {
  static const Original original = [] {
    Original made;
    OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
    if (library != nullptr) made.provider = OSSL_PROVIDER_load(library, "default");
    if (made.provider == nullptr) return made;
    made.keys = Choose(made.provider, OSSL_OP_KEYMGMT, IsWantedKey);
    made.decoders = Choose(made.provider, OSSL_OP_DECODER, ReadsCertificateKeys);
    return made;
  }();
  return original;
}

const OSSL_ALGORITHM* Query(void* /*provider_context*/, int operation, int* no_cache) {
  const Original& original = TheOriginal();
  *no_cache = 0;
  if (operation == OSSL_OP_KEYMGMT) return original.keys.data();
  if (operation == OSSL_OP_DECODER) return original.decoders.data();
  return OSSL_PROVIDER_query_operation(original.provider, operation, no_cache);
}

int Capabilities(void* /*provider_context*/, const char* capability, OSSL_CALLBACK* callback,
                 void* argument) {
  return OSSL_PROVIDER_get_capabilities(TheOriginal().provider, capability, callback, argument);
}

// The algorithms are the default provider's and work on its context.
int Start(const OSSL_CORE_HANDLE* /*handle*/, const OSSL_DISPATCH* /*core*/,
          const OSSL_DISPATCH** functions, void** provider_context) {
  static const std::array<OSSL_DISPATCH, 3> table = {
      {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(Query)},
       {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(Capabilities)},
       {0, nullptr}}};
  *functions = table.data();
  *provider_context = OSSL_PROVIDER_get0_provider_ctx(TheOriginal().provider);
  return 1;
}

}  // namespace

OSSL_LIB_CTX* ClientLibrary() {
  static OSSL_LIB_CTX* const library = []() -> OSSL_LIB_CTX* {
    if (OPENSSL_version_major() != 3 || OPENSSL_version_minor() >= 2) return nullptr;
    const Original& original = TheOriginal();
    if (original.keys.empty() || original.decoders.empty()) return nullptr;
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    if (made == nullptr || OSSL_PROVIDER_add_builtin(made, "certificates", Start) != 1 ||
        OSSL_PROVIDER_load(made, "certificates") == nullptr) {
      OSSL_LIB_CTX_free(made);
      return nullptr;
    }
    return made;
  }();
  return library;
}

}  // namespace derp::net
