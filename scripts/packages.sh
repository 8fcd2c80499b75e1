# The Debian 12 packages this project needs, by purpose; sourced by scripts/demo, scripts/test and .ci/run.
# shellcheck shell=bash
DERP_BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config
  libssl-dev libcurl4-openssl-dev libfmt-dev libexpected-dev nlohmann-json3-dev libcli11-dev
  prometheus-cpp-dev libyaml-cpp-dev libuv1-dev libsodium-dev libc-ares-dev libsqlite3-dev libwslay-dev ca-certificates
  libgoogle-perftools-dev
)
DERP_TEST_PACKAGES=(catch2 python3 openssl curl iproute2 util-linux)
# Counterparts whose packages may start a service of their own: CI only. Without them their tests are skipped by name.
DERP_CHECK_PACKAGES=(clang-format-19 coturn stun-client prometheus chromium google-perftools)

# Installs those of its arguments that are missing; says what it does on stderr.
derp_install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "These packages are missing; install them as root: apt-get install ${missing[*]}" >&2
      return 1
    }
    sudo=(sudo)
  fi
  echo "installing: ${missing[*]}" >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
