// Trust anchors: RootStore of peer_verification.h.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <openssl/err.h>

#include "common/base/text.h"
#include "common/net/certificate_impl.h"
#include "common/net/lets_encrypt_roots.h"
#include "common/net/peer_verification_impl.h"

namespace derp::net {
namespace {

constexpr std::uintmax_t kLargestAnchorFile = 8U << 20U;  // a bundle of all known roots has 0.3 MiB

X509StorePtr EmptyStore() {
  X509StorePtr store(X509_STORE_new());
  Check(store != nullptr, "memory for a certificate store");
  return store;
}

// The store keeps a reference of its own; the same anchor twice is no error.
void AddAnchors(X509_STORE* store, const CertificateChain& anchors) {
  for (const Certificate& anchor : anchors) {
    Check(X509_STORE_add_cert(store, anchor.impl().x509.get()) == 1, "an anchor can be added");
  }
}

// The folder holds certificates under OpenSSL's hashed names ("4042bcee.0").
bool IsHashedFolder(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".0") return true;
  }
  return false;
}

// A hashed folder is searched when an issuer is asked for: reading all of it would cost a tenth of
// a second. OpenSSL would find nothing in others; Go reads every file, and so must we.
void AddFolder(X509_STORE* store, const std::filesystem::path& folder) {
  if (IsHashedFolder(folder)) {
    X509_STORE_load_path(store, folder.c_str());
    return;
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored) || entry->file_size(ignored) > kLargestAnchorFile) {
      continue;
    }
    std::ifstream file(entry->path(), std::ios::binary);
    const std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (const auto anchors = ParsePemChain(pem)) AddAnchors(store, *anchors);
  }
}

// The same places as OpenSSL's defaults and Go's. The default bundle holds what the default folder
// holds, so it is read only where that cannot be searched. A place that is missing has no anchors.
void AddSystemPlaces(X509_STORE* store) {
  const char* file = secure_getenv("SSL_CERT_FILE");
  const char* folders = secure_getenv("SSL_CERT_DIR");
  const std::string_view default_folder = X509_get_default_cert_dir();
  for (const auto folder : Split(folders == nullptr ? default_folder : folders, ':')) {
    AddFolder(store, folder);
  }
  if (file != nullptr) {
    X509_STORE_load_file(store, file);
  } else if (folders != nullptr || !IsHashedFolder(default_folder)) {
    X509_STORE_load_file(store, X509_get_default_cert_file());
  }
  ERR_clear_error();
}

X509StorePtr SystemStore() {
  X509StorePtr store = EmptyStore();
  AddSystemPlaces(store.get());
  const auto built_in = ParsePemChain(LetsEncryptRoots());
  Check(built_in.has_value(), "the built-in roots can be read");
  AddAnchors(store.get(), *built_in);
  return store;
}

}  // namespace

RootStore::RootStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RootStore::~RootStore() = default;

std::shared_ptr<const RootStore> RootStore::System() {
  return std::shared_ptr<const RootStore>(new RootStore(std::make_unique<Impl>(SystemStore())));
}

Expected<std::shared_ptr<const RootStore>, Error> RootStore::SystemPlus(std::string_view pem) {
  const auto anchors = ParsePemChain(pem);
  if (!anchors) return Fail(anchors.error());
  X509StorePtr store = SystemStore();
  AddAnchors(store.get(), *anchors);
  return std::shared_ptr<const RootStore>(new RootStore(std::make_unique<Impl>(std::move(store))));
}

Expected<std::shared_ptr<const RootStore>, Error> RootStore::Only(std::string_view pem) {
  const auto anchors = ParsePemChain(pem);
  if (!anchors) return Fail(anchors.error());
  X509StorePtr store = EmptyStore();
  AddAnchors(store.get(), *anchors);
  return std::shared_ptr<const RootStore>(new RootStore(std::make_unique<Impl>(std::move(store))));
}

}  // namespace derp::net
