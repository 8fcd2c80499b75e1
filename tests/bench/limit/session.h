// OpenSSL as the limit uses it, without any of the project's own TLS code: TLS 1.3, AES-128-GCM,
// ciphertext lent to it from a receive buffer, and what it makes sent from its own buffer.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <openssl/ssl.h>

#include "common/base/bytes.h"

namespace derp::limit {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;

inline constexpr std::size_t kRecordSize = 16384;  // most plaintext of a TLS record

ContextPtr MakeServerContext();  // with a self-signed certificate of its own
ContextPtr MakeClientContext();  // looks at no certificate

// One end of a connection. Its address must not change.
class Session {
 public:
  // `fd` is borrowed. Without a context the connection is clear text.
  Session(SSL_CTX* context, bool server, int fd);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool encrypted() const { return ssl_ != nullptr; }
  // The ciphertext for the calls that follow; borrowed.
  void Lend(ByteView ciphertext) { input_ = ciphertext; }
  // 1 when done, 0 when more is needed, -1 when it failed.
  int Handshake();
  // Of one record; 0 when what was lent is used up, -1 at the session's end.
  std::ptrdiff_t Read(ByteSpan out);

  // Encrypts in records of up to 16 KiB and sends all of them with one call. What the socket does
  // not take is kept.
  void Send(ByteView plaintext);
  // Keeps them instead.
  void Encrypt(ByteView plaintext);
  // What is kept, as far as the socket takes it.
  void SendKept();
  bool keeps() const { return sent_ < kept_.size(); }
  std::size_t kept() const { return kept_.size() - sent_; }
  bool broken() const { return broken_; }
  std::uint64_t sends() const { return sends_; }

 private:
  static const BIO_METHOD* Method();
  static int BioRead(BIO* bio, char* data, std::size_t size, std::size_t* count);
  static int BioWrite(BIO* bio, const char* data, std::size_t size, std::size_t* count);
  static long BioControl(BIO* bio, int command, long number, void* pointer);
  void WriteRecords(ByteView plaintext, bool keep_last);
  void SendOrKeep(ByteView last);

  std::unique_ptr<SSL, FreeSession> ssl_;
  int fd_;
  ByteView input_;
  Bytes kept_;  // ciphertext that is not sent
  std::size_t sent_ = 0;
  bool more_follows_ = false;  // in this turn: gather, do not send
  bool broken_ = false;
  std::uint64_t sends_ = 0;
};

}  // namespace derp::limit
