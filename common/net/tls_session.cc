#include "common/net/tls_session.h"

#include <algorithm>

#include <openssl/err.h>

#include "common/net/certificate_impl.h"
#include "common/net/name_match.h"
#include "common/net/tls_context_impl.h"
#include "common/net/tls_failure.h"

namespace derp::net {
namespace {

// A TLS record starts with its type (20 to 23) and the major version 3.
constexpr std::size_t kJudgedFirstBytes = 2;
// Behind the handshake a peer may send this many more handshake messages, and one more with each
// MiB. A key update costs a hundred times what its record of 27 bytes does, so a stranger who sent
// nothing else would hold a thread of the relay for ever.
constexpr std::size_t kLaterMessages = 16;
constexpr std::size_t kBytesPerLaterMessage = 1024 * 1024;

bool MayStartRecord(std::size_t index, std::uint8_t byte) {
  return index == 0 ? byte >= 20 && byte <= 23 : byte == 3;
}

using SslSessionPtr = OpenSslPtr<SSL_SESSION, SSL_SESSION_free>;

}  // namespace

class TlsTicket {
 public:
  explicit TlsTicket(SslSessionPtr taken) : session(std::move(taken)) {}
  const SslSessionPtr session;
};

struct TlsSession::Impl {
  std::shared_ptr<const TlsServerContext> server;  // one of the two is set
  std::shared_ptr<const TlsClientContext> client;
  SslPtr ssl;
  // Where the BIO reads and writes: borrowed for the length of one call.
  ByteView* input = nullptr;
  Bytes* output = nullptr;
  bool starved = false;           // the call asked for more than there was
  RecordSink* sink = nullptr;     // instead of `output`
  std::size_t records_ahead = 0;  // that the sink may expect
  std::size_t first_bytes_judged = 0;
  bool done = false;
  bool closed = false;  // close_notify came
  bool failed = false;
  TlsFailure failure;
  // After the handshake.
  std::size_t later_messages = 0;
  std::uint64_t plaintext_received = 0;

  // The connection's end of the custom BIO.
  static const BIO_METHOD* BioMethod();
  static int BioRead(BIO* bio, char* data, std::size_t size, std::size_t* count);
  static int BioWrite(BIO* bio, const char* data, std::size_t size, std::size_t* count);
  static long BioControl(BIO* bio, int command, long number, void* pointer);

  static void OnMessage(int is_ours, int version, int content_type, const void* message,
                        std::size_t size, SSL* ssl, void* self);

  void Start(SSL_CTX* context);
  bool FirstBytesAreTls(ByteView bytes);
  bool ShakesHandsTooOften() const {
    return later_messages > kLaterMessages + plaintext_received / kBytesPerLaterMessage;
  }
  TlsStatus FailWith(TlsFailure why);
  // What an OpenSSL call that did not succeed means.
  TlsStatus Explain(int result);
  TlsStatus Encrypt(ByteView plaintext);
  std::string_view ServerName() const;
};

const BIO_METHOD* TlsSession::Impl::BioMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "derp tls session");
    Check(made != nullptr, "a BIO method can be made");
    BIO_meth_set_read_ex(made, BioRead);
    BIO_meth_set_write_ex(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

int TlsSession::Impl::BioRead(BIO* bio, char* data, std::size_t size, std::size_t* count) {
  auto& impl = *static_cast<Impl*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (impl.ShakesHandsTooOften()) return 0;
  *count = impl.input == nullptr ? 0 : std::min(size, impl.input->size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    impl.starved = true;
    return 0;
  }
  std::copy_n(impl.input->data(), *count, reinterpret_cast<std::uint8_t*>(data));
  *impl.input = impl.input->subspan(*count);
  return 1;
}

int TlsSession::Impl::BioWrite(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
  auto& impl = *static_cast<Impl*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(data), size);
  *count = size;
  if (impl.sink != nullptr) {
    if (impl.records_ahead > 0) --impl.records_ahead;
    impl.sink->OnRecord(bytes, impl.records_ahead == 0);
    return 1;
  }
  Check(impl.output != nullptr, "TLS writes only while it is called");
  AppendBytes(*impl.output, bytes);
  return 1;
}

long TlsSession::Impl::BioControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void TlsSession::Impl::OnMessage(int is_ours, int /*version*/, int content_type,
                                 const void* /*message*/, std::size_t /*size*/, SSL* /*ssl*/,
                                 void* self) {
  if (is_ours == 0 && content_type == SSL3_RT_HANDSHAKE) {
    ++static_cast<Impl*>(self)->later_messages;
  }
}

void TlsSession::Impl::Start(SSL_CTX* context) {
  ssl.reset(SSL_new(context));
  BIO* bio = BIO_new(BioMethod());
  Check(ssl != nullptr && bio != nullptr, "memory for a TLS session");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);  // takes it over
}

bool TlsSession::Impl::FirstBytesAreTls(ByteView bytes) {
  for (const std::uint8_t byte : bytes) {
    if (first_bytes_judged == kJudgedFirstBytes) return true;
    if (!MayStartRecord(first_bytes_judged, byte)) return false;
    ++first_bytes_judged;
  }
  return true;
}

TlsStatus TlsSession::Impl::FailWith(TlsFailure why) {
  failed = true;
  failure = std::move(why);
  return TlsStatus::kFailed;
}

TlsStatus TlsSession::Impl::Explain(int result) {
  if (ShakesHandsTooOften()) {
    return FailWith({TlsFailure::Cause::kProtocol, -1, "tls: too many handshake messages"});
  }
  // OpenSSL gives up there and then. Unlike SSL_get_error this needs no clean error queue.
  if (starved) return TlsStatus::kWantRead;
  switch (SSL_get_error(ssl.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      closed = true;
      return TlsStatus::kClosed;
    default:
      return FailWith(TakeTlsFailure(ServerName()));
  }
}

std::string_view TlsSession::Impl::ServerName() const {
  const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

namespace {

// Lends the session its input and output for one call, and gives the thread a clean error queue,
// which SSL_get_error needs. Looking first is worth it: clearing an empty queue takes a fifth of
// the time of a record. A server's thread does neither for each record: there only handshakes leave
// something behind, and they look.
template <typename SessionImpl>
class Lent {
 public:
  Lent(SessionImpl& impl, ByteView* input, Bytes* output) : impl_(impl) {
    impl_.input = input;
    impl_.output = output;
    impl_.starved = false;
    if ((!impl_.server || !impl_.done) && ERR_peek_error() != 0) ERR_clear_error();
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    impl_.input = nullptr;
    impl_.output = nullptr;
    impl_.sink = nullptr;
  }

 private:
  SessionImpl& impl_;
};

}  // namespace

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

TlsSession TlsSession::Server(std::shared_ptr<const TlsServerContext> context) {
  auto impl = std::make_unique<Impl>();
  impl->Start(context->impl().context.get());
  impl->server = std::move(context);
  SSL_set_accept_state(impl->ssl.get());
  return TlsSession(std::move(impl));
}

TlsSession TlsSession::Client(std::shared_ptr<const TlsClientContext> context,
                              std::string_view server_name,
                              const std::shared_ptr<const TlsTicket>& ticket) {
  auto impl = std::make_unique<Impl>();
  impl->Start(context->impl().context.get());
  impl->client = std::move(context);
  SSL_set_connect_state(impl->ssl.get());
  // Only a ticket that the context cannot use is refused, and is no loss.
  if (ticket && SSL_set_session(impl->ssl.get(), ticket->session.get()) != 1) ERR_clear_error();
  std::string name(WithoutFinalDot(server_name));
  if (!name.empty() && !IsIpLiteral(name) &&
      SSL_ctrl(impl->ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               name.data()) != 1) {
    impl->FailWith({TlsFailure::Cause::kProtocol, -1, "tls: the server name is too long"});
  }
  return TlsSession(std::move(impl));
}

TlsStatus TlsSession::Handshake(ByteView& input, Bytes& output) {
  Impl& impl = *impl_;
  if (impl.failed) return TlsStatus::kFailed;
  if (impl.closed) return TlsStatus::kClosed;
  if (impl.done) return TlsStatus::kOk;
  if (!impl.FirstBytesAreTls(input)) return impl.FailWith(NotTlsFailure());
  const Lent lent(impl, &input, &output);
  const int result = SSL_do_handshake(impl.ssl.get());
  if (result != 1) return impl.Explain(result);
  impl.done = true;
  SSL_set_msg_callback(impl.ssl.get(), Impl::OnMessage);
  SSL_set_msg_callback_arg(impl.ssl.get(), &impl);
  return TlsStatus::kOk;
}

TlsStatus TlsSession::Read(ByteView& input, Bytes& output, ByteSpan out, std::size_t* count) {
  Impl& impl = *impl_;
  *count = 0;
  if (impl.failed) return TlsStatus::kFailed;
  if (impl.closed) return TlsStatus::kClosed;
  // Spares OpenSSL the call, and an idle session its record buffer.
  if (input.empty() && !has_plaintext()) return TlsStatus::kWantRead;
  Check(impl.done, "TLS data is read after the handshake");
  const Lent lent(impl, &input, &output);
  const int result = SSL_read_ex(impl.ssl.get(), out.data(), out.size(), count);
  if (result != 1) return impl.Explain(result);
  impl.plaintext_received += *count;
  return TlsStatus::kOk;
}

TlsStatus TlsSession::Impl::Encrypt(ByteView plaintext) {
  std::size_t written = 0;
  const int result = SSL_write_ex(ssl.get(), plaintext.data(), plaintext.size(), &written);
  return result == 1 ? TlsStatus::kOk : FailWith(TakeTlsFailure(ServerName()));
}

TlsStatus TlsSession::Write(ByteView plaintext, Bytes& output) {
  Impl& impl = *impl_;
  if (impl.failed) return TlsStatus::kFailed;
  if (plaintext.empty()) return TlsStatus::kOk;
  Check(impl.done, "TLS data is written after the handshake");
  const Lent lent(impl, nullptr, &output);
  return impl.Encrypt(plaintext);
}

TlsStatus TlsSession::Write(ByteView plaintext, RecordSink& sink) {
  Impl& impl = *impl_;
  if (impl.failed) return TlsStatus::kFailed;
  if (plaintext.empty()) return TlsStatus::kOk;
  Check(impl.done, "TLS data is written after the handshake");
  const Lent lent(impl, nullptr, nullptr);
  impl.sink = &sink;
  impl.records_ahead = (plaintext.size() + SSL3_RT_MAX_PLAIN_LENGTH - 1) / SSL3_RT_MAX_PLAIN_LENGTH;
  return impl.Encrypt(plaintext);
}

void TlsSession::Shutdown(Bytes& output) {
  Impl& impl = *impl_;
  if (!impl.done || impl.failed) return;
  if ((SSL_get_shutdown(impl.ssl.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  const Lent lent(impl, nullptr, &output);
  SSL_shutdown(impl.ssl.get());
  ERR_clear_error();
}

bool TlsSession::handshake_done() const { return impl_->done; }
bool TlsSession::has_plaintext() const { return SSL_pending(impl_->ssl.get()) > 0; }
const TlsFailure& TlsSession::failure() const { return impl_->failure; }

std::string_view TlsSession::version() const {
  if (!impl_->done) return {};
  return is_tls13() ? "1.3" : "1.2";
}

bool TlsSession::is_tls13() const {
  return impl_->done && SSL_version(impl_->ssl.get()) == TLS1_3_VERSION;
}

std::string_view TlsSession::cipher() const {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(impl_->ssl.get());
  return cipher == nullptr ? std::string_view() : SSL_CIPHER_standard_name(cipher);
}

std::string_view TlsSession::sni() const { return impl_->ServerName(); }

std::vector<Certificate> TlsSession::PeerCertificates() const {
  std::vector<Certificate> certificates;
  if (!impl_->client) return certificates;
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(impl_->ssl.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* x509 = sk_X509_value(chain, i);
    X509_up_ref(x509);
    certificates.push_back(WrapCertificate(X509Ptr(x509)));
  }
  return certificates;
}

bool TlsSession::resumed() const {
  return impl_->client && impl_->done && SSL_session_reused(impl_->ssl.get()) == 1;
}

std::shared_ptr<const TlsTicket> TlsSession::Ticket() const {
  if (!impl_->client || !is_tls13()) return nullptr;
  SslSessionPtr session(SSL_get1_session(impl_->ssl.get()));
  if (!session || SSL_SESSION_is_resumable(session.get()) != 1) return nullptr;
  return std::make_shared<const TlsTicket>(std::move(session));
}

void TlsSession::ReleaseBuffers() { SSL_free_buffers(impl_->ssl.get()); }

}  // namespace derp::net
