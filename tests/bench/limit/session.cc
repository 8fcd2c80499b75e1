#include "tests/bench/limit/session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/base/result.h"

namespace derp::limit {
namespace {

constexpr const char* kSuite = "TLS_AES_128_GCM_SHA256";
constexpr long kDay = 24L * 3600;

ContextPtr MakeContext(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method));
  Check(context != nullptr, "a TLS context");
  Check(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
            SSL_CTX_set_ciphersuites(context.get(), kSuite) == 1,
        "TLS 1.3 with AES-128-GCM");
  SSL_CTX_set_num_tickets(context.get(), 0);
  // OpenSSL takes what it has room for at once instead of twice for each record: 3 % of SSL_read.
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

}  // namespace

ContextPtr MakeServerContext() {
  ContextPtr context = MakeContext(TLS_server_method());
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  Check(key != nullptr && certificate != nullptr, "a key and a certificate");
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDay);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("limit"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_set_pubkey(certificate, key);
  Check(X509_sign(certificate, key, EVP_sha256()) > 0 &&
            SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
            SSL_CTX_use_PrivateKey(context.get(), key) == 1,
        "a certificate in use");
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

ContextPtr MakeClientContext() { return MakeContext(TLS_client_method()); }

Session::Session(SSL_CTX* context, bool server, int fd) : fd_(fd) {
  if (context == nullptr) return;
  ssl_.reset(SSL_new(context));
  BIO* bio = BIO_new(Method());
  Check(ssl_ != nullptr && bio != nullptr, "memory for a TLS session");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes it over
  if (server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

const BIO_METHOD* Session::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "limit");
    Check(made != nullptr, "a BIO method");
    BIO_meth_set_read_ex(made, BioRead);
    BIO_meth_set_write_ex(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

int Session::BioRead(BIO* bio, char* data, std::size_t size, std::size_t* count) {
  auto& self = *static_cast<Session*>(BIO_get_data(bio));
  *count = std::min(size, self.input_.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(data, self.input_.data(), *count);
  self.input_ = self.input_.subspan(*count);
  return 1;
}

int Session::BioWrite(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
  auto& self = *static_cast<Session*>(BIO_get_data(bio));
  const ByteView record(reinterpret_cast<const std::uint8_t*>(data), size);
  if (self.more_follows_) {
    AppendBytes(self.kept_, record);
  } else {
    self.SendOrKeep(record);
  }
  *count = size;
  return 1;
}

long Session::BioControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int Session::Handshake() {
  if (!ssl_ || SSL_do_handshake(ssl_.get()) == 1) return 1;
  const bool waits = SSL_get_error(ssl_.get(), -1) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return waits ? 0 : -1;
}

std::ptrdiff_t Session::Read(ByteSpan out) {
  std::size_t count = 0;
  if (input_.empty() && (!ssl_ || SSL_has_pending(ssl_.get()) == 0)) return 0;
  if (!ssl_) {
    count = std::min(out.size(), input_.size());
    std::memcpy(out.data(), input_.data(), count);
    input_ = input_.subspan(count);
    return static_cast<std::ptrdiff_t>(count);
  }
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
  if (result == 1) return static_cast<std::ptrdiff_t>(count);
  const bool waits = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return waits ? 0 : -1;
}

void Session::Send(ByteView plaintext) {
  if (!ssl_) {
    if (!plaintext.empty()) SendOrKeep(plaintext);
    return;
  }
  WriteRecords(plaintext, /*keep_last=*/false);
}

void Session::Encrypt(ByteView plaintext) {
  if (ssl_) {
    WriteRecords(plaintext, /*keep_last=*/true);
  } else {
    AppendBytes(kept_, plaintext);
  }
  more_follows_ = false;
}

void Session::WriteRecords(ByteView plaintext, bool keep_last) {
  while (!plaintext.empty()) {
    const std::size_t size = std::min(plaintext.size(), kRecordSize);
    more_follows_ = keep_last || size < plaintext.size();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), plaintext.data(), size, &written) != 1) {
      broken_ = true;
      ERR_clear_error();
      return;
    }
    plaintext = plaintext.subspan(size);
  }
}

// What is kept goes first; `last` is still where OpenSSL made it.
void Session::SendOrKeep(ByteView last) {
  std::array<iovec, 2> parts = {iovec{kept_.data() + sent_, kept()},
                                iovec{const_cast<std::uint8_t*>(last.data()), last.size()}};
  msghdr message{};
  message.msg_iov = keeps() ? parts.data() : parts.data() + 1;
  message.msg_iovlen = keeps() ? 2 : 1;
  ++sends_;
  const ssize_t count = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN) {
    broken_ = true;
    return;
  }
  const std::size_t taken = count < 0 ? 0 : static_cast<std::size_t>(count);
  const std::size_t old = std::min(taken, kept());
  sent_ += old;
  if (!keeps()) {
    kept_.clear();
    sent_ = 0;
  }
  if (taken - old < last.size()) AppendBytes(kept_, last.subspan(taken - old));
}

void Session::SendKept() {
  if (keeps()) SendOrKeep({});
}

}  // namespace derp::limit
