#include "common/net/key_schedule.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/net/client_library.h"
#include "common/net/openssl_handles.h"

namespace derp::net {
namespace {

using KdfPtr = OpenSslPtr<EVP_KDF, EVP_KDF_free>;
using KdfContextPtr = OpenSslPtr<EVP_KDF_CTX, EVP_KDF_CTX_free>;

struct Question {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::string digest = "SHA2-256";
  std::optional<Bytes> key{};
  std::optional<Bytes> salt{};
  std::string label = "derived";
  std::optional<Bytes> data{};
  std::size_t size = 32;
};

OSSL_PARAM Octets(const char* name, Bytes& bytes) {
  return OSSL_PARAM_construct_octet_string(name, bytes.data(), bytes.size());
}

// Empty when the library refuses.
Bytes Ask(OSSL_LIB_CTX* library, Question question) {
  const KdfPtr kdf(EVP_KDF_fetch(library, OSSL_KDF_NAME_TLS1_3_KDF, nullptr));
  REQUIRE(kdf != nullptr);
  const KdfContextPtr context(EVP_KDF_CTX_new(kdf.get()));
  REQUIRE(context != nullptr);
  Bytes prefix = {'t', 'l', 's', '1', '3', ' '};
  Bytes label(question.label.begin(), question.label.end());
  std::vector<OSSL_PARAM> parameters = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &question.mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, question.digest.data(), 0),
      Octets(OSSL_KDF_PARAM_PREFIX, prefix), Octets(OSSL_KDF_PARAM_LABEL, label)};
  if (question.key) parameters.push_back(Octets(OSSL_KDF_PARAM_KEY, *question.key));
  if (question.salt) parameters.push_back(Octets(OSSL_KDF_PARAM_SALT, *question.salt));
  if (question.data) parameters.push_back(Octets(OSSL_KDF_PARAM_DATA, *question.data));
  parameters.push_back(OSSL_PARAM_construct_end());
  Bytes out(question.size);
  if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) != 1) return {};
  return out;
}

Bytes Counting(std::size_t size, std::uint8_t from) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(from + i * 7);
  return bytes;
}

Bytes FromHex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  REQUIRE(DecodeHexInto(text, bytes));
  return bytes;
}

}  // namespace

TEST_CASE("the early and the handshake secret are those of RFC 8448", "[net][tls]") {
  const Bytes early =
      Ask(ClientLibrary(), {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .label = "derived"});
  CHECK(EncodeHex(early) == "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  const Bytes shared = FromHex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
  const Bytes handshake = Ask(
      ClientLibrary(),
      {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .key = shared, .salt = early, .label = "derived"});
  CHECK(EncodeHex(handshake) == "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");
}

TEST_CASE("every secret is what OpenSSL's own key schedule gives", "[net][tls]") {
  const auto [digest, size] = GENERATE(std::pair<std::string, std::size_t>{"SHA2-256", 32},
                                       std::pair<std::string, std::size_t>{"SHA2-384", 48});
  const auto same = [](const Question& question) {
    const Bytes expected = Ask(nullptr, question);
    return !expected.empty() && Ask(ClientLibrary(), question) == expected;
  };
  for (const std::size_t out :
       {std::size_t{1}, std::size_t{12}, std::size_t{16}, size, size + 1, 3 * size + 5}) {
    CHECK(same({.digest = digest, .key = Counting(size, 1), .label = "key", .size = out}));
    CHECK(same({.digest = digest,
                .key = Counting(size, 2),
                .label = "c hs traffic",
                .data = Counting(size, 3),
                .size = out}));
  }
  constexpr int kExtract = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  CHECK(same({.mode = kExtract, .digest = digest, .size = size}));
  CHECK(same({.mode = kExtract, .digest = digest, .key = Counting(size, 4), .size = size}));
  CHECK(same({.mode = kExtract, .digest = digest, .salt = Counting(size, 5), .size = size}));
  CHECK(same({.mode = kExtract,
              .digest = digest,
              .key = Counting(66, 6),  // of a key exchange with P-521
              .salt = Counting(size, 7),
              .size = size}));
}

TEST_CASE("what is no question of TLS 1.3 gets no secret", "[net][tls]") {
  if (ClientLibrary() == nullptr) return;
  CHECK(Ask(ClientLibrary(), {.digest = "SHA2-512", .key = Counting(64, 1)}).empty());
  CHECK(Ask(ClientLibrary(), {.key = std::nullopt}).empty());
  CHECK(Ask(ClientLibrary(), {.key = Counting(65, 1)}).empty());
  CHECK(Ask(ClientLibrary(), {.key = Counting(32, 1), .label = std::string(250, 'x')}).empty());
  CHECK(Ask(ClientLibrary(), {.key = Counting(32, 1), .size = 255 * 32 + 1}).empty());
  CHECK(Ask(ClientLibrary(), {.mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, .key = Counting(32, 1)})
            .empty());
}

}  // namespace derp::net
