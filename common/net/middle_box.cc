#include "common/net/middle_box.h"

#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/net/certificate_facts.h"

namespace derp::net {
namespace {

enum class Where { kIssuer, kMail };

struct Rule {
  std::string_view vendor;
  Where where;
  std::string_view part;  // lower case
};

// The first that matches counts. A new row needs a sample certificate that it was tried on.
constexpr Rule kRules[] = {
    {"Aruba Networks", Where::kIssuer, "aruba"},
    {"Cisco", Where::kIssuer, "cisco"},
    {"Fortinet", Where::kIssuer, "fortinet"},
    {"Fortinet", Where::kMail, "support@fortinet.com"},
    {"Huawei", Where::kMail, "mobile@huawei.com"},
    {"Palo Alto Networks", Where::kIssuer, "palo alto networks"},
    {"Palo Alto Networks", Where::kIssuer, "pan-fw"},
    {"Sophos", Where::kIssuer, "sophos"},
    {"Ubiquiti", Where::kIssuer, "unifi"},
    {"Ubiquiti", Where::kIssuer, "ubiquiti"},
};

struct Texts {
  std::string issuer;
  std::vector<std::string> mails;
};

bool Matches(const Rule& rule, const Texts& texts) {
  if (rule.where == Where::kIssuer) return texts.issuer.find(rule.part) != std::string::npos;
  for (const std::string& mail : texts.mails) {
    if (mail.find(rule.part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string_view> FindMiddleBox(const CertificateChain& presented) {
  std::vector<Texts> all;
  for (const Certificate& certificate : presented) {
    if (certificate.IsMeta()) continue;
    Texts texts;
    texts.issuer = ToLowerAscii(FullIssuerText(certificate));
    for (const std::string& mail : MailAddresses(certificate)) {
      texts.mails.push_back(ToLowerAscii(mail));
    }
    all.push_back(std::move(texts));
  }
  for (const Rule& rule : kRules) {
    for (const Texts& texts : all) {
      if (Matches(rule, texts)) return rule.vendor;
    }
  }
  return std::nullopt;
}

}  // namespace derp::net
