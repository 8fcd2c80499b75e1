#include "derper/certs/manual_provider.h"

#include <filesystem>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "common/net/tls_session.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace derp::relay {
namespace {

using net::TlsStatus;

struct Fixture {
  test::TemporaryDirectory folder;
  test::FakeClock clock;
  std::string log;
  Logger logger{[this](LogLevel, std::string_view text) { log += std::string(text) + "\n"; }};
  CertificateSettings settings{.mode = "manual",
                               .directory = folder / "certs",
                               .hostname = "192.0.2.1",
                               .server = NodePublic::FromBytes(Bytes(kKeySize, 7))};

  auto Make() { return MakeCertificateProvider(settings, clock, logger); }
  std::string Problem() {
    const auto made = Make();
    return made ? "" : made.error().context;
  }
  // Puts a self-signed pair for `name` where the provider looks for `settings.hostname`.
  net::Certificate Install(const std::string& name, Duration valid = std::chrono::hours(9000)) {
    const net::PrivateKey key = net::PrivateKey::GenerateP256();
    const net::Certificate certificate =
        net::IssueCertificate({.common_name = name,
                               .names = {name},
                               .not_before = clock.WallNow() - std::chrono::hours(24 * 400),
                               .not_after = clock.WallNow() + valid},
                              key, nullptr, key);
    const CertificateFiles files = FilesFor(settings.directory, settings.hostname);
    REQUIRE(MakeDirectories(settings.directory, 0700).has_value());
    REQUIRE(WriteFileAtomically(files.key, key.ToPem(), 0600).has_value());
    REQUIRE(WriteFileAtomically(files.certificate, ToPem(certificate), 0644).has_value());
    return certificate;
  }
};

// What a client that names `sni` is shown; empty when the handshake fails.
net::CertificateChain Shown(std::shared_ptr<const net::TlsServerContext> context,
                            std::string_view sni) {
  net::TlsSession server = net::TlsSession::Server(std::move(context));
  net::TlsSession client = net::TlsSession::Client(net::TlsClientContext::Make(), sni);
  Bytes to_server;
  Bytes to_client;
  ByteView none;
  client.Handshake(none, to_server);
  for (int round = 0; round < 10 && !client.handshake_done(); ++round) {
    Bytes input;
    input.swap(to_server);
    ByteView view(input);
    server.Handshake(view, to_client);
    input.clear();
    input.swap(to_client);
    view = ByteView(input);
    if (client.Handshake(view, to_server) == TlsStatus::kFailed) return {};
  }
  return client.PeerCertificates();
}

unsigned ModeOf(const std::string& path) {
  struct stat info{};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

TEST_CASE("file names keep letters, digits, dashes and dots only", "[derper][certs]") {
  CHECK(FilesFor("/d", "2001:db8::1").certificate == "/d/2001db81.crt");
  CHECK(FilesFor("/d", "derp-1.example.net").key == "/d/derp-1.example.net.key");
  CHECK(FilesFor("/d", "../a_b").key == "/d/..ab.key");
}

TEST_CASE("an IP host name gets a pair of its own with private modes", "[derper][certs]") {
  Fixture f;
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  CHECK(ModeOf(f.folder / "certs") == 0700);
  CHECK(ModeOf(f.folder / "certs/192.0.2.1.key") == 0600);
  CHECK(ModeOf(f.folder / "certs/192.0.2.1.crt") == 0644);
  const net::CertificateChain shown = Shown((*provider)->Context(), "");
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].Names() == std::vector<std::string>{"192.0.2.1"});
  CHECK(shown[0].IsSelfSigned());
  CHECK(shown[1].IsMeta());
  CHECK(net::FindMetaKey(shown)->server == f.settings.server);
  CHECK(f.log ==
        "Using self-signed certificate for IP address \"192.0.2.1\". Configure it in DERPMap "
        "using: (https://tailscale.com/s/custom-derp)\n"
        "  {\"Name\":\"custom\",\"RegionID\":900,\"HostName\":\"192.0.2.1\",\"CertName\":"
        "\"sha256-raw:" +
            shown[0].Sha256Hex() + "\"}\n");
}

TEST_CASE("the pair of an IP host name is kept over restarts", "[derper][certs]") {
  Fixture f;
  const auto first = f.Make();
  const auto second = f.Make();
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(Shown((*first)->Context(), "")[0].Der() == Shown((*second)->Context(), "")[0].Der());
}

TEST_CASE("any server name is fine for an IP host name", "[derper][certs]") {
  Fixture f;
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  CHECK(Shown((*provider)->Context(), "other.example").size() == 2);
}

TEST_CASE("half a pair is never completed", "[derper][certs]") {
  Fixture f;
  f.Install("192.0.2.1");
  const std::string gone = GENERATE("certs/192.0.2.1.crt", "certs/192.0.2.1.key");
  std::filesystem::remove(f.folder / gone);
  CHECK(f.Problem().find(gone + " does not: put the missing file there") != std::string::npos);
  CHECK_FALSE(FileExists(f.folder / gone));
}

TEST_CASE("a DNS host name needs its files", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  CHECK(f.Problem() == "can not load x509 key pair for hostname \"derp.example.net\": open " +
                           (f.folder / "certs/derp.example.net.crt") +
                           ": no such file or directory");
}

TEST_CASE("a DNS host name is served to clients that ask for it, in any case", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("derp.example.net");
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  CHECK(Shown((*provider)->Context(), "DERP.example.net").size() == 2);
  CHECK(Shown((*provider)->Context(), "").empty());
  CHECK(Shown((*provider)->Context(), "x.example.net").empty());
  CHECK(f.log ==
        "cert mismatch with hostname: \"\"\ncert mismatch with hostname: \"x.example.net\"\n");
}

TEST_CASE("a certificate for another name is fatal", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("other.example.net");
  CHECK(f.Problem().starts_with("cert invalid for hostname \"derp.example.net\": "));
  CHECK(f.Problem().ends_with("is valid for other.example.net, not derp.example.net"));
}

TEST_CASE("files that do not fit together or hold no PEM are fatal", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("derp.example.net");
  const CertificateFiles files = FilesFor(f.settings.directory, f.settings.hostname);
  const std::string certificate = *ReadFile(files.certificate, 100000);
  f.Install("derp.example.net");
  REQUIRE(WriteFileAtomically(files.certificate, certificate, 0644).has_value());
  CHECK(f.Problem().find("does not belong to") != std::string::npos);
  REQUIRE(WriteFileAtomically(files.certificate, "garbage", 0644).has_value());
  CHECK(f.Problem().starts_with("can not load x509 key pair for hostname"));
}

TEST_CASE("an expired or soon expiring certificate is served with a warning", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("derp.example.net", -std::chrono::hours(1));
  CHECK(f.Make().has_value());
  CHECK(f.log.find("clients refuse it") != std::string::npos);
  f.log.clear();
  f.Install("derp.example.net", std::chrono::hours(24));
  CHECK(f.Make().has_value());
  CHECK(f.log.find(" expires on ") != std::string::npos);
  CHECK(f.log.find(", in 1 days") != std::string::npos);
}

TEST_CASE("a running relay warns daily from 30 days before the end", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("derp.example.net", std::chrono::hours(24 * 31));
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  CHECK(f.log.find(" expires on ") == std::string::npos);
  for (int day = 0; day < 2; ++day) {
    f.log.clear();
    f.clock.Advance(std::chrono::hours(24));
    REQUIRE((*provider)->RenewMeta().has_value());
  }
  CHECK(f.log.find(" expires on ") != std::string::npos);
}

TEST_CASE("a check tells what would be served and makes nothing", "[derper][certs]") {
  Fixture f;
  const auto check = [&] { return CheckCertificates(f.settings, f.clock); };
  CHECK(check()->ends_with("192.0.2.1.crt and .key will be made, self-signed"));
  CHECK(check()->ends_with("192.0.2.1.crt and .key will be made, self-signed"));
  REQUIRE(f.Make().has_value());
  CHECK(check()->find(" is valid until ") != std::string::npos);
  f.clock.Advance(std::chrono::hours(24 * 366));
  CHECK(check()->find(" EXPIRED on ") != std::string::npos);
  std::filesystem::remove(FilesFor(f.settings.directory, f.settings.hostname).key);
  CHECK(check().error().context.find(" exists but ") != std::string::npos);
  f.settings.hostname = "derp.example.net";
  CHECK(check().error().context.starts_with("can not load x509 key pair"));
}

TEST_CASE("a reload serves the new pair and a broken one changes nothing", "[derper][certs]") {
  Fixture f;
  f.settings.hostname = "derp.example.net";
  f.Install("derp.example.net");
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  const net::Certificate renewed = f.Install("derp.example.net");
  REQUIRE((*provider)->Reload().has_value());
  CHECK(Shown((*provider)->Context(), "derp.example.net")[0].Der() == renewed.Der());
  f.Install("other.example.net");
  CHECK_FALSE((*provider)->Reload().has_value());
  CHECK(Shown((*provider)->Context(), "derp.example.net")[0].Der() == renewed.Der());
}

TEST_CASE("the meta certificate is renewed and stays the last of two", "[derper][certs]") {
  Fixture f;
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  const net::CertificateChain before = Shown((*provider)->Context(), "");
  f.clock.Advance(std::chrono::hours(24));
  REQUIRE((*provider)->RenewMeta().has_value());
  const net::CertificateChain after = Shown((*provider)->Context(), "");
  REQUIRE(after.size() == 2);
  CHECK(after[0].Der() == before[0].Der());
  CHECK(after[1].NotAfter() == before[1].NotAfter() + std::chrono::hours(24));
}

TEST_CASE("the end of the certificate is exported", "[derper][certs]") {
  Fixture f;
  const auto provider = f.Make();
  REQUIRE(provider.has_value());
  std::vector<metrics::Family> families;
  (*provider)->MetricsSource()(families);
  REQUIRE(families.size() == 2);
  CHECK(families[0].name == "derper_certificate_not_after_seconds");
  const auto expected = Shown((*provider)->Context(), "")[0].NotAfter();
  CHECK(families[0].samples[0].value == static_cast<double>(UnixSeconds(expected)));
  CHECK(families[1].name == "derper_certificate_days_left");
  const double days = families[1].samples[0].value;
  CHECK(days > 364);
  f.clock.Advance(std::chrono::hours(24 * 10));
  (*provider)->MetricsSource()(families);
  CHECK(families[3].samples[0].value == Approx(days - 10));
}

TEST_CASE("flags that contradict the certificate mode are told in the known order",
          "[derper][certs]") {
  Fixture f;
  f.settings.directory.clear();
  CHECK(f.Problem() == "missing required --certdir flag");
  f.settings.directory = f.folder.path();
  f.settings.acme_ip_certs = true;
  CHECK(f.Problem() == "--acme-ip-certs requires --certmode=letsencrypt");
  f.settings.acme_ip_certs = false;
  f.settings.mode = "gcp";
  CHECK(f.Problem() == "--certmode=gcp requires --hostname to be a DNS name, not an IP address");
  f.settings.mode = "letsencrypt";
  CHECK(f.Problem().starts_with("-certmode=letsencrypt is not in this build yet; use "));
  f.settings.mode = "foo";
  CHECK(f.Problem() == "unsupport cert mode: \"foo\"");
}

}  // namespace
}  // namespace derp::relay
