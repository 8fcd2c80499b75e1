#include "common/net/key_schedule.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/openssl_handles.h"

namespace derp::net {
namespace {

using DigestContext = OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr std::size_t kLargestHash = 48;
constexpr std::size_t kLargestBlock = 128;
constexpr std::size_t kLargestLabel = 255;    // with its prefix; RFC 8446 7.1
constexpr std::size_t kLargestContext = 255;  // the same
constexpr std::size_t kMostPieces = 255;      // RFC 5869 2.3

struct Hash {
  explicit Hash(const char* name) : digest(EVP_MD_fetch(nullptr, name, nullptr)) {
    Check(digest != nullptr, "OpenSSL knows SHA-2");
    size = static_cast<std::size_t>(EVP_MD_get_size(digest));
    block = static_cast<std::size_t>(EVP_MD_get_block_size(digest));
    Check(size <= kLargestHash && block <= kLargestBlock, "SHA-2 is as long as ever");
  }
  EVP_MD* digest;
  std::size_t size = 0;
  std::size_t block = 0;
};

const Hash* HashNamed(std::string_view name) {
  static const Hash sha256("SHA2-256");
  static const Hash sha384("SHA2-384");
  if (name == "SHA2-256" || name == "SHA256" || name == "SHA-256") return &sha256;
  if (name == "SHA2-384" || name == "SHA384" || name == "SHA-384") return &sha384;
  return nullptr;
}

// Bytes that are wiped when they go out of scope.
template <std::size_t kSize>
struct Secret {
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  ByteView First(std::size_t count) const { return ByteView(bytes).first(count); }
  std::array<std::uint8_t, kSize> bytes{};
};
using HashValue = Secret<kLargestHash>;

using Message = std::initializer_list<ByteView>;

// One derivation's means.
class Schedule {
 public:
  explicit Schedule(const Hash& hash) : hash_(hash), context_(EVP_MD_CTX_new()) {}

  std::size_t hash_size() const { return hash_.size; }

  bool Digest(Message message, HashValue& out) { return Digest(message, {}, out); }

  // RFC 2104. No key here is longer than a block.
  bool Hmac(ByteView key, Message message, HashValue& out) {
    if (key.size() > hash_.block) return false;
    HashValue inner;
    return Digest({Padded(key, 0x36)}, message, inner) &&
           Digest({Padded(key, 0x5c)}, {inner.First(hash_.size)}, out);
  }

  // HKDF-Expand-Label of RFC 8446 7.1; `context` is the transcript's hash or empty.
  bool ExpandLabel(ByteView secret, ByteView prefix, ByteView label, ByteView context,
                   ByteSpan out) {
    const std::size_t label_size = prefix.size() + label.size();
    if (label_size > kLargestLabel || context.size() > kLargestContext) return false;
    if (out.size() > kMostPieces * hash_.size) return false;
    const std::array<std::uint8_t, 3> head = {static_cast<std::uint8_t>(out.size() >> 8U),
                                              static_cast<std::uint8_t>(out.size()),
                                              static_cast<std::uint8_t>(label_size)};
    const std::array<std::uint8_t, 1> context_size = {static_cast<std::uint8_t>(context.size())};
    HashValue piece;
    ByteView before;
    for (std::array<std::uint8_t, 1> count = {1}; !out.empty(); ++count[0]) {  // RFC 5869 2.3
      HashValue next;
      if (!Hmac(secret, {before, head, prefix, label, context_size, context, count}, next)) {
        return false;
      }
      piece.bytes = next.bytes;
      before = piece.First(hash_.size);
      const std::size_t taken = std::min(out.size(), hash_.size);
      std::copy_n(before.begin(), taken, out.begin());
      out = out.subspan(taken);
    }
    return true;
  }

 private:
  ByteView Padded(ByteView key, std::uint8_t with) {
    for (std::size_t i = 0; i < hash_.block; ++i) {
      block_.bytes[i] = static_cast<std::uint8_t>((i < key.size() ? key[i] : 0U) ^ with);
    }
    return block_.First(hash_.block);
  }

  bool Digest(Message first, Message rest, HashValue& out) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), hash_.digest, nullptr) != 1) {
      return false;
    }
    for (const Message& part : {first, rest}) {
      for (const ByteView bytes : part) {
        if (!bytes.empty() && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) {
          return false;
        }
      }
    }
    return EVP_DigestFinal_ex(context_.get(), out.bytes.data(), nullptr) == 1;
  }

  const Hash& hash_;
  DigestContext context_;
  Secret<kLargestBlock> block_;
};

// What a caller asks for.
struct Request {
  explicit Request(const OSSL_PARAM* parameters)
      : hash(HashNamed(AsText(Find(parameters, OSSL_KDF_PARAM_DIGEST).value_or(ByteView())))),
        key(Find(parameters, OSSL_KDF_PARAM_KEY)),
        salt(Find(parameters, OSSL_KDF_PARAM_SALT)),
        prefix(Find(parameters, OSSL_KDF_PARAM_PREFIX).value_or(ByteView())),
        label(Find(parameters, OSSL_KDF_PARAM_LABEL).value_or(ByteView())),
        data(Find(parameters, OSSL_KDF_PARAM_DATA).value_or(ByteView())) {
    const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, OSSL_KDF_PARAM_MODE);
    if (found != nullptr && OSSL_PARAM_get_int(found, &mode) != 1) mode = -1;
  }

  static std::optional<ByteView> Find(const OSSL_PARAM* parameters, const char* name) {
    const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, name);
    if (found == nullptr) return std::nullopt;
    return ByteView(static_cast<const std::uint8_t*>(found->data), found->data_size);
  }

  const Hash* hash;
  std::optional<ByteView> key;
  std::optional<ByteView> salt;
  ByteView prefix;
  ByteView label;
  ByteView data;
  int mode = -1;
};

// The next of the schedule's three main secrets: the one before (the salt) goes through
// Derive-Secret(., "derived", ""), and the key (nothing: zeros) is what comes in anew.
bool Extract(const Request& request, ByteSpan out) {
  Schedule schedule(*request.hash);
  const std::size_t size = schedule.hash_size();
  if (out.size() < size) return false;
  HashValue salt;
  std::size_t salt_size = 0;
  if (request.salt) {
    HashValue of_nothing;
    salt_size = size;
    if (!schedule.Digest({}, of_nothing) ||
        !schedule.ExpandLabel(*request.salt, request.prefix, request.label, of_nothing.First(size),
                              ByteSpan(salt.bytes).first(size))) {
      return false;
    }
  }
  const HashValue zeros;
  HashValue extracted;
  if (!schedule.Hmac(salt.First(salt_size), {request.key.value_or(zeros.First(size))}, extracted)) {
    return false;
  }
  std::copy_n(extracted.bytes.begin(), size, out.begin());
  return true;
}

int Derive(void* /*context*/, unsigned char* out, std::size_t size, const OSSL_PARAM* parameters) {
  if (out == nullptr || parameters == nullptr) return 0;
  const Request request(parameters);
  if (request.hash == nullptr) return 0;
  const ByteSpan result(out, size);
  switch (request.mode) {
    case EVP_KDF_HKDF_MODE_EXTRACT_ONLY:
      return Extract(request, result) ? 1 : 0;
    case EVP_KDF_HKDF_MODE_EXPAND_ONLY:
      if (!request.key) return 0;
      return Schedule(*request.hash)
                     .ExpandLabel(*request.key, request.prefix, request.label, request.data, result)
                 ? 1
                 : 0;
    default:
      return 0;
  }
}

// Nothing is kept between calls, but null would mean that memory is short.
void* NewContext(void* /*provider_context*/) {
  static char nothing = 0;
  return &nothing;
}
void FreeContext(void* /*context*/) {}

}  // namespace

const OSSL_DISPATCH* KeyScheduleFunctions() {
  static const std::array<OSSL_DISPATCH, 4> table = {
      {{OSSL_FUNC_KDF_NEWCTX, reinterpret_cast<void (*)()>(NewContext)},
       {OSSL_FUNC_KDF_FREECTX, reinterpret_cast<void (*)()>(FreeContext)},
       {OSSL_FUNC_KDF_DERIVE, reinterpret_cast<void (*)()>(Derive)},
       {0, nullptr}}};
  return table.data();
}

}  // namespace derp::net
