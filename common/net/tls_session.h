// One TLS connection without I/O: ciphertext in, plaintext out, and the reverse, over a custom BIO.
// The same object serves the relay's event loop, a prober's blocking socket and a unit test.
// Not thread-safe; belongs to one connection. OpenSSL stays inside the .cc files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/certificate.h"
#include "common/net/tls_context.h"

namespace derp::net {

enum class TlsStatus {
  kOk,        // progress was made
  kWantRead,  // more ciphertext is needed
  kClosed,    // the peer sent close_notify
  kFailed,    // see failure(); the session is dead
};

struct TlsFailure {
  enum class Cause {
    kAlertReceived,  // `alert` says which
    kNotTls,         // the first bytes were no TLS record
    kVersion,        // no common protocol version
    kCipher,         // no common cipher suite
    kCertificate,    // SNI refused, no certificate for the name
    kProtocol,       // anything else; `text` is OpenSSL's reason
  };
  Cause cause = Cause::kProtocol;
  int alert = -1;    // TLS alert number received, -1 if none
  std::string text;  // for people, e.g. "remote error: tls: bad certificate"
};

// What a TLS 1.3 server gave for going on with a session over a further connection. Immutable; any
// thread; holds on to the session's keys.
class TlsTicket;

// Takes records as they are made.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // `record` is gone after the call. `is_last`: as far as is known none follows; one that was not
  // expected may, and is the last again.
  virtual void OnRecord(ByteView record, bool is_last) = 0;
};

class TlsSession {
 public:
  // A session keeps its context alive: a reload makes a new context for later sessions.
  static TlsSession Server(std::shared_ptr<const TlsServerContext> context);
  // `server_name` is sent as SNI unless it is empty or an IP literal.
  // `ticket` is of an earlier session with the same server: where the server still takes it,
  // neither certificates nor their proof are sent again. Where not, the handshake is a full one.
  static TlsSession Client(std::shared_ptr<const TlsClientContext> context,
                           std::string_view server_name,
                           const std::shared_ptr<const TlsTicket>& ticket = nullptr);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  // Each call takes ciphertext from the front of `input` (advancing it; what is left of a cut
  // record is kept inside) and appends ciphertext to send to `output`, also when it fails (the
  // alert). Nothing is appended, and `input` stays, when the peer's first bytes are no TLS: so a
  // server can answer in the peer's own protocol.

  // kOk: done. Application data may follow in what is left of `input`. kWantRead: send `output`,
  // then come again with more.
  TlsStatus Handshake(ByteView& input, Bytes& output);
  // Decrypts up to out.size() bytes; `*count` is set. kOk means *count > 0; call again until
  // kWantRead. One TLS record may need several calls when `out` is smaller than it.
  TlsStatus Read(ByteView& input, Bytes& output, ByteSpan out, std::size_t* count);
  // Encrypts all of `plaintext` in records of up to 16 KiB. Only after the handshake.
  TlsStatus Write(ByteView plaintext, Bytes& output);
  // The same without a copy: each record goes to `sink`, which must not call the session.
  TlsStatus Write(ByteView plaintext, RecordSink& sink);
  void Shutdown(Bytes& output);  // appends close_notify

  bool handshake_done() const;
  // Decrypted bytes wait inside: a further Read gives them without more input.
  bool has_plaintext() const;
  const TlsFailure& failure() const;
  std::string_view version() const;  // "1.2", "1.3"; empty before the handshake is done
  bool is_tls13() const;
  std::string_view cipher() const;  // IANA's name, as "TLS_AES_128_GCM_SHA256"
  // Server: the SNI the client sent, empty if none. Client: the SNI sent.
  std::string_view sni() const;
  // Client: the certificates in the order received, if need be by the session that was gone on
  // with.
  std::vector<Certificate> PeerCertificates() const;
  // Client, after the handshake: whether the ticket was taken.
  bool resumed() const;
  // Client: null until the server sent one, which Read() comes upon.
  std::shared_ptr<const TlsTicket> Ticket() const;

  // Gives OpenSSL's record buffers back while the connection is idle (SSL_free_buffers).
  void ReleaseBuffers();

 private:
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::net
