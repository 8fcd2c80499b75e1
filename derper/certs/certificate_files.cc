#include "derper/certs/certificate_files.h"

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMaxPemFile = 1024 * 1024;  // Far above any real chain.

Error Invalid(std::string text) {
  return {.code = ErrorCode::kInvalidArgument, .context = std::move(text)};
}

Expected<KeyPair, Error> ReadPair(const CertificateFiles& files) {
  const auto chain_text = ReadFile(files.certificate, kMaxPemFile);
  if (!chain_text) return Fail(chain_text.error());
  const auto key_text = ReadFile(files.key, kMaxPemFile);
  if (!key_text) return Fail(key_text.error());
  auto chain = net::ParsePemChain(*chain_text);
  if (!chain) return Fail(Within(files.certificate, chain.error()));
  auto key = net::PrivateKey::FromPem(*key_text);
  if (!key) return Fail(Within(files.key, key.error()));
  if (!key->Matches(chain->front())) {
    return Fail(Invalid(fmt::format("the key in {} does not belong to the certificate in {}",
                                    files.key, files.certificate)));
  }
  return KeyPair{.chain = std::move(*chain), .key = std::move(*key)};
}

}  // namespace

CertificateFiles FilesFor(const std::string& directory, std::string_view hostname) {
  std::string name;
  for (const char c : hostname) {
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
    if (kept) name.push_back(c);
  }
  return {.certificate = directory + "/" + name + ".crt", .key = directory + "/" + name + ".key"};
}

Expected<KeyPair, Error> LoadKeyPair(const CertificateFiles& files, const std::string& hostname) {
  auto pair = ReadPair(files);
  if (!pair) {
    const std::string doing =
        fmt::format("can not load x509 key pair for hostname {}", GoQuote(hostname));
    return Fail(Within(doing, pair.error()));
  }
  const net::Certificate& leaf = pair->chain.front();
  if (!leaf.CoversName(hostname)) {
    return Fail(Invalid(fmt::format(
        "cert invalid for hostname {}: {} is valid for {}, not {}", GoQuote(hostname),
        files.certificate, leaf.Names().empty() ? "no name" : Join(leaf.Names(), ", "), hostname)));
  }
  return pair;
}

std::optional<Error> FindLonelyFile(const CertificateFiles& files) {
  const bool has_certificate = FileExists(files.certificate);
  if (has_certificate == FileExists(files.key)) return std::nullopt;
  return Invalid(fmt::format(
      "{} exists but {} does not: put the missing file there, or remove the other one to get a "
      "new self-signed certificate and pin",
      has_certificate ? files.certificate : files.key,
      has_certificate ? files.key : files.certificate));
}

Expected<KeyPair, Error> CreateSelfSigned(const CertificateFiles& files, const IpAddress& address,
                                          WallTime now) {
  if (auto lonely = FindLonelyFile(files)) return Fail(*lonely);
  if (auto made = MakeDirectories(DirectoryOf(files.key), 0700); !made) return Fail(made.error());
  net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate certificate = net::MakeSelfSigned(address, key, now);
  if (auto written = WriteFileAtomically(files.key, key.ToPem(), 0600); !written) {
    return Fail(written.error());
  }
  if (auto written = WriteFileAtomically(files.certificate, net::ToPem(certificate), 0644);
      !written) {
    return Fail(written.error());
  }
  return KeyPair{.chain = {certificate}, .key = std::move(key)};
}

}  // namespace derp::relay
