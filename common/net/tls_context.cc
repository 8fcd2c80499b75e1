#include "common/net/tls_context.h"

#include <array>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "common/net/certificate_impl.h"
#include "common/net/client_library.h"
#include "common/net/tls_context_impl.h"

namespace derp::net {
namespace {

// The lists are Go's in effect: forward secrecy only. CBC suites come last, for old middle boxes.
constexpr const char* kAesFirst13 =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kChachaFirst13 =
    "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kAesFirst12 =
    "ECDHE+AESGCM+AES128:ECDHE+CHACHA20:ECDHE+AESGCM:ECDHE+AES128:ECDHE+AES256";
constexpr const char* kChachaFirst12 =
    "ECDHE+CHACHA20:ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+AES128:ECDHE+AES256";
constexpr const char* kGroups = "X25519:P-256:P-384:P-521";
constexpr std::string_view kHttp11 = "http/1.1";

// Whether the processor encrypts AES itself; without that ChaCha20 is faster.
bool HardwareHasAes() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") != 0;
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
  return false;
#endif
}

void SetVersions(SSL_CTX* context, TlsVersions versions) {
  const int lowest = versions == TlsVersions::kOnly13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  const int highest = versions == TlsVersions::kOnly12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  Check(SSL_CTX_set_min_proto_version(context, lowest) == 1 &&
            SSL_CTX_set_max_proto_version(context, highest) == 1,
        "OpenSSL knows TLS 1.2 and 1.3");
}

// `library` is null for the usual one.
SslContextPtr MakeContext(OSSL_LIB_CTX* library, const SSL_METHOD* method, TlsVersions versions) {
  SslContextPtr context(SSL_CTX_new_ex(library, nullptr, method));
  Check(context != nullptr, "a TLS context can be made");
  SetVersions(context.get(), versions);
  const bool aes = HardwareHasAes();
  Check(SSL_CTX_set_ciphersuites(context.get(), aes ? kAesFirst13 : kChachaFirst13) == 1 &&
            SSL_CTX_set_cipher_list(context.get(), aes ? kAesFirst12 : kChachaFirst12) == 1 &&
            SSL_CTX_set1_groups_list(context.get(), kGroups) == 1,
        "OpenSSL knows the cipher suites");
  // Resumption would hide the meta certificate and cost memory. (A client takes TLS 1.3 tickets all
  // the same, and uses those it is told to.)
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  return context;
}

int AcceptServerName(SSL* ssl, int* alert, void* argument) {
  const auto& impl = *static_cast<const TlsServerContext::Impl*>(argument);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (impl.accept_sni(name == nullptr ? std::string_view() : std::string_view(name))) {
    return SSL_TLSEXT_ERR_OK;
  }
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Called only when the client sent the extension. `in` is a checked list of length-prefixed names.
int SelectProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned in_size, void* /*argument*/) {
  ByteReader names(ByteView(in, in_size));
  while (const auto size = names.U8()) {
    const auto name = names.Take(*size);
    if (!name) break;
    if (AsText(*name) != kHttp11) continue;
    *out = name->data();
    *out_size = *size;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // becomes no_application_protocol
}

// The chain is judged after the handshake, by peer_verification.h.
int AcceptAnyChain(X509_STORE_CTX* /*store*/, void* /*argument*/) { return 1; }

Error ContextError(std::string_view what) {
  return Error{ErrorCode::kTls, std::string(what) + ": " + TakeOpenSslError(), 0};
}

Expected<void, Error> AddChain(SSL_CTX* context, const TlsServerOptions& options) {
  for (std::size_t i = 1; i < options.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, options.chain[i].impl().x509.get()) != 1) {
      return Fail(ContextError("can not use an intermediate certificate"));
    }
  }
  if (!options.meta_certificate) return {};
  X509* meta = options.meta_certificate->impl().x509.get();
  if (SSL_CTX_add1_chain_cert(context, meta) == 1) return {};
  return Fail(ContextError("can not use the meta certificate"));
}

}  // namespace

TlsServerContext::TlsServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

Expected<std::shared_ptr<const TlsServerContext>, Error> TlsServerContext::Make(
    TlsServerOptions options) {
  if (options.chain.empty()) {
    return Fail(Error{ErrorCode::kInvalidArgument, "no certificate given", 0});
  }
  if (!options.key.Matches(options.chain.front())) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      "the private key does not belong to the first certificate", 0});
  }
  auto impl = std::make_unique<Impl>();
  impl->context = MakeContext(nullptr, TLS_server_method(), options.versions);
  SSL_CTX* context = impl->context.get();
  // A client that puts ChaCha20 first has no AES hardware and is humoured.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);  // what is given, and nothing else
  if (options.tickets) {
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 1);
  }
  if (SSL_CTX_use_certificate(context, options.chain.front().impl().x509.get()) != 1) {
    return Fail(ContextError("can not use the certificate"));
  }
  if (SSL_CTX_use_PrivateKey(context, options.key.impl().key.get()) != 1) {
    return Fail(ContextError("can not use the private key"));
  }
  if (const auto added = AddChain(context, options); !added) return Fail(added.error());

  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  if (options.accept_sni) {
    impl->accept_sni = std::move(options.accept_sni);
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(AcceptServerName));
    SSL_CTX_set_tlsext_servername_arg(context, impl.get());
  }
  return std::shared_ptr<const TlsServerContext>(new TlsServerContext(std::move(impl)));
}

TlsClientContext::TlsClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsClientContext::~TlsClientContext() = default;

std::shared_ptr<const TlsClientContext> TlsClientContext::Make(TlsVersions versions) {
  auto impl = std::make_unique<Impl>();
  impl->context = MakeContext(ClientLibrary(), TLS_client_method(), versions);
  // Weak certificates are a finding for the report, not a failing handshake.
  SSL_CTX_set_security_level(impl->context.get(), 1);
  SSL_CTX_set_verify(impl->context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(impl->context.get(), AcceptAnyChain, nullptr);
  return std::shared_ptr<const TlsClientContext>(new TlsClientContext(std::move(impl)));
}

}  // namespace derp::net
