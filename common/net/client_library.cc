#include "common/net/client_library.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <openssl/core_dispatch.h>
#include <openssl/opensslv.h>
#include <openssl/provider.h>

namespace derp::net {
namespace {

// What is passed on of the default provider: what certificates are made of, what tls_context.cc may
// negotiate, and the generator of random numbers. OpenSSL goes through all it has loaded whenever
// it looks for the kinds of keys, so ciphers that nobody uses cost time, too. Without the ciphers
// that are one with their MAC, TLS 1.2 takes the two apart.
constexpr std::string_view kDigests[] = {"SHA1",     "SHA2-224", "SHA2-256",
                                         "SHA2-384", "SHA2-512", "MD5"};
constexpr std::string_view kCiphers[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305",
                                         "AES-128-CBC", "AES-256-CBC", "AES-256-CTR",
                                         "NULL"};
constexpr std::string_view kMacs[] = {"HMAC"};
constexpr std::string_view kKdfs[] = {"HKDF", "TLS13-KDF", "TLS1-PRF"};
constexpr std::string_view kKeys[] = {"RSA", "RSA-PSS", "EC", "ED25519", "ED448", "X25519", "HMAC"};
constexpr std::string_view kExchanges[] = {"ECDH", "X25519"};
constexpr std::string_view kSignatures[] = {"RSA", "ED25519", "ED448", "ECDSA", "HMAC"};

struct Selection {
  int operation;
  std::span<const std::string_view> names;
};
constexpr Selection kSelections[] = {{OSSL_OP_DIGEST, kDigests},
                                     {OSSL_OP_CIPHER, kCiphers},
                                     {OSSL_OP_MAC, kMacs},
                                     {OSSL_OP_KDF, kKdfs},
                                     {OSSL_OP_KEYMGMT, kKeys},
                                     {OSSL_OP_KEYEXCH, kExchanges},
                                     {OSSL_OP_SIGNATURE, kSignatures}};

std::string_view FirstName(const OSSL_ALGORITHM& algorithm) {
  const std::string_view names =
      algorithm.algorithm_names == nullptr ? "" : algorithm.algorithm_names;
  return names.substr(0, names.find(':'));
}

bool ReadsCertificateKeys(const OSSL_ALGORITHM& algorithm) {
  const std::string_view properties = algorithm.property_definition;
  const std::string_view name = FirstName(algorithm);
  const bool known = std::find(std::begin(kKeys), std::end(kKeys), name) != std::end(kKeys);
  return known && properties.find("input=der") != std::string_view::npos &&
         properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos;
}

// The default provider, in a context of its own, and what is passed on of it.
struct Original {
  OSSL_PROVIDER* provider = nullptr;
  std::map<int, std::vector<OSSL_ALGORITHM>> chosen;  // by operation
  bool complete = false;
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

// Every name must be there: another OpenSSL may have others.
std::vector<OSSL_ALGORITHM> ChooseAll(OSSL_PROVIDER* provider, const Selection& selection) {
  auto chosen = Choose(provider, selection.operation, [&](const OSSL_ALGORITHM& algorithm) {
    return std::find(selection.names.begin(), selection.names.end(), FirstName(algorithm)) !=
           selection.names.end();
  });
  return chosen.size() == selection.names.size() + 1 ? chosen : std::vector<OSSL_ALGORITHM>();
}

const Original& TheOriginal() {
  static const Original original = [] {
    Original made;
    OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
    if (library != nullptr) made.provider = OSSL_PROVIDER_load(library, "default");
    if (made.provider == nullptr) return made;
    for (const Selection& selection : kSelections) {
      made.chosen[selection.operation] = ChooseAll(made.provider, selection);
    }
    made.chosen[OSSL_OP_DECODER] = Choose(made.provider, OSSL_OP_DECODER, ReadsCertificateKeys);
    made.complete = std::none_of(made.chosen.begin(), made.chosen.end(),
                                 [](const auto& entry) { return entry.second.empty(); });
    return made;
  }();
  return original;
}

const OSSL_ALGORITHM* Query(void* /*provider_context*/, int operation, int* no_cache) {
  const Original& original = TheOriginal();
  *no_cache = 0;
  const auto found = original.chosen.find(operation);
  if (found != original.chosen.end()) return found->second.data();
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
    if (!TheOriginal().complete) return nullptr;
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
