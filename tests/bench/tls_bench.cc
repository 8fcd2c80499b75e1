// What a TLS record costs: TlsSession against the cipher alone, in thread CPU time. Prints medians
// of interleaved rounds; nothing is asserted.
#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <malloc.h>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "common/net/tls_session.h"

namespace {

using derp::Bytes;
using derp::ByteSpan;
using derp::ByteView;
using derp::net::TlsSession;
using derp::net::TlsStatus;

constexpr std::size_t kScratch = 65536;  // what a relay's worker receives at once
constexpr int kRounds = 41;
constexpr int kBatches = 200;

double CpuNanoseconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Pair {
  TlsSession client;
  TlsSession server;
};

std::shared_ptr<const derp::net::TlsServerContext> MakeServer(derp::net::TlsVersions versions) {
  using namespace derp::net;
  const PrivateKey key = PrivateKey::GenerateP256();
  const derp::WallTime now = derp::SystemClock().WallNow();
  TlsServerOptions options{.chain = {MakeSelfSigned(derp::IpAddress(), key, now)},
                           .key = key,
                           .meta_certificate = {},
                           .accept_sni = {},
                           .versions = versions};
  return *TlsServerContext::Make(std::move(options));
}

Pair Connect(const std::shared_ptr<const derp::net::TlsServerContext>& server,
             const std::shared_ptr<const derp::net::TlsClientContext>& client) {
  Pair pair{TlsSession::Client(client, ""), TlsSession::Server(server)};
  Bytes to_server;
  Bytes to_client;
  do {
    ByteView for_client(to_client);
    pair.client.Handshake(for_client, to_server);
    to_client.clear();
    ByteView for_server(to_server);
    pair.server.Handshake(for_server, to_client);
    to_server.clear();
  } while (!to_client.empty());
  derp::Check(pair.client.handshake_done() && pair.server.handshake_done(), "handshake");
  return pair;
}

// One kind of work: `run` does a batch and returns what it took, per record.
struct Subject {
  std::string name;
  std::function<double()> run;
  std::vector<double> rounds{};
};

// Records of `size` bytes, as many as fit in one scratch buffer: written by the client, read by the
// server; the time of one of the two is returned.
double Transfer(Pair& pair, std::size_t size, bool time_reading, int batches = kBatches) {
  static const Bytes plaintext(kScratch, 0x5a);
  static Bytes wire;
  static Bytes answers;
  static Bytes out(kScratch);
  const std::size_t records = kScratch / (size + 22);
  double spent = 0;
  for (int batch = 0; batch < batches; ++batch) {
    wire.clear();
    const double start = CpuNanoseconds();
    for (std::size_t i = 0; i < records; ++i) {
      pair.client.Write(ByteView(plaintext).first(size), wire);
    }
    const double middle = CpuNanoseconds();
    ByteView input(wire);
    std::size_t count = 0;
    std::size_t total = 0;
    while (pair.server.Read(input, answers, out, &count) == TlsStatus::kOk) total += count;
    const double end = CpuNanoseconds();
    derp::Check(total == records * size, "all plaintext arrives");
    spent += time_reading ? end - middle : middle - start;
  }
  return spent / (batches * static_cast<double>(records));
}

// AES-128-GCM itself: one record's worth decrypted in place, tag ignored.
double Cipher(std::size_t size) {
  static EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  static Bytes data(kScratch);
  const std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 12> iv{};
  EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key.data(), iv.data());
  const int records = kBatches * 40;
  const double start = CpuNanoseconds();
  for (int i = 0; i < records; ++i) {
    ++iv[0];
    int length = 0;
    EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, iv.data());
    EVP_DecryptUpdate(context, nullptr, &length, data.data(), 5);
    EVP_DecryptUpdate(context, data.data(), &length, data.data(), static_cast<int>(size));
  }
  return (CpuNanoseconds() - start) / records;
}

// Heap of one server session that has seen data and then been told that it is idle.
double IdleBytes(derp::net::TlsVersions versions) {
  constexpr std::size_t kSessions = 500;
  const auto server = MakeServer(versions);
  const auto client = derp::net::TlsClientContext::Make(versions);
  std::vector<TlsSession> idle;
  idle.reserve(kSessions);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kSessions; ++i) {
    Pair pair = Connect(server, client);
    Transfer(pair, 1400, true, 1);
    pair.server.ReleaseBuffers();
    idle.push_back(std::move(pair.server));
  }
  return static_cast<double>(mallinfo2().uordblks - before) / kSessions;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  using derp::net::TlsVersions;
  const auto client = derp::net::TlsClientContext::Make();
  Pair tls13 = Connect(MakeServer(TlsVersions::kOnly13), client);
  Pair tls12 = Connect(MakeServer(TlsVersions::kOnly12), client);
  std::vector<Subject> subjects;
  for (const std::size_t size : {std::size_t{100}, std::size_t{1400}, std::size_t{16384}}) {
    subjects.push_back({fmt::format("{:>6} B cipher alone", size), [=] { return Cipher(size); }});
    subjects.push_back({fmt::format("{:>6} B TLS 1.3 read", size),
                        [&tls13, size] { return Transfer(tls13, size, true); }});
    subjects.push_back({fmt::format("{:>6} B TLS 1.3 write", size),
                        [&tls13, size] { return Transfer(tls13, size, false); }});
    subjects.push_back({fmt::format("{:>6} B TLS 1.2 read", size),
                        [&tls12, size] { return Transfer(tls12, size, true); }});
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Subject& subject : subjects) subject.rounds.push_back(subject.run());
  }
  fmt::print("cipher suite {}, medians of {} rounds, nanoseconds per record\n",
             tls13.server.cipher(), kRounds);
  for (const Subject& subject : subjects) {
    fmt::print("{:<28} {:>9.0f}\n", subject.name, Median(subject.rounds));
  }
  fmt::print("heap of an idle server session: TLS 1.3 {:.0f} bytes, TLS 1.2 {:.0f} bytes\n",
             IdleBytes(TlsVersions::kOnly13), IdleBytes(TlsVersions::kOnly12));
  return 0;
}
