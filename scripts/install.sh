#!/bin/sh
# Installs tvault for one user: curl -fsSL ADDRESS/install.sh | sh
# Nothing is moved into place before the signature of the release and the hash of the archive were found right. Needs
# sh, tar, gzip, curl or wget, and one of minisign, openssl 3, node to check the signature. Never asks for root.
# The three lines with @ are filled in by scripts/release.ts.
set -eu

BASE_URL='@BASE_URL@'
PUBLIC_KEY='@PUBLIC_KEY@'
RELEASED='@VERSION@'

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "install.sh: $1"
  [ $# -lt 2 ] || say "hint: $2"
  exit 1
}

usage() {
  cat <<'END'
usage: install.sh [flags]        (through a pipe: curl … | sh -s -- [flags])

  --prefix DIR                 install below DIR (default: ~/.local)
  --version X                  this version and not the newest
  --base-url URL               where the release is; https, or http on this machine
  --key KEY                    public key of minisign that must have signed it
  --platform NAME              such as linux-x64-musl (default: found out)
  --force                      also put an older version in place of a newer one
  --from-source                build it here, with node and npm
  --insecure-skip-signature    do not check who made the release
  --uninstall                  remove what was installed; vaults stay
  --help
END
}

have() { command -v "$1" >/dev/null 2>&1; }

# The third argument is the largest size in bytes that is taken.
fetch() {
  if have curl; then
    curl -fsSL --proto '=https,http' --proto-redir '=https' --max-filesize "$3" --connect-timeout 20 \
      --speed-limit 1 --speed-time 30 -o "$2" "$1" 2>"$work/reason" || return 1
  elif have wget; then
    # The one of busybox 1.35 does not survive -T.
    wget -q -T 30 -O "$2" "$1" 2>/dev/null || wget -q -O "$2" "$1" 2>"$work/reason" || return 1
  else
    fail 'neither curl nor wget is installed'
  fi
}

must_fetch() {
  fetch "$from/$1" "$2" "$3" ||
    fail "cannot fetch $1 from $from: $(tr '\n' ' ' <"$work/reason" | cut -c 1-200)" 'nothing was changed; try again later'
}

check_url() {
  case $1 in
    *@BASE* | '') fail 'where is the release?' 'name the place: --base-url https://…' ;;
    https://* | http://127.0.0.1[:/]* | http://localhost[:/]* | http://\[::1\][:/]*) ;;
    *) fail "$1 is no https address" ;;
  esac
}

sha256_of() {
  if have sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif have shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif have openssl; then
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else
    fail 'neither sha256sum nor shasum nor openssl is installed'
  fi
}

# Ed25519 over the BLAKE2b-512 of the file, as minisign makes it; with openssl 3 (older ones, and LibreSSL, cannot).
verify_with_openssl() {
  printf '%s\n' "$PUBLIC_KEY" | openssl base64 -d -A >"$work/key" 2>/dev/null || return 1
  sed -n 2p "$2" | tr -d '\n' | openssl base64 -d -A >"$work/signature" 2>/dev/null || return 1
  [ "$(wc -c <"$work/key")" -eq 42 ] && [ "$(wc -c <"$work/signature")" -eq 74 ] || return 1
  [ "$(head -c 2 "$work/signature")" = ED ] && [ "$(head -c 2 "$work/key")" = Ed ] || return 1
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && tail -c 32 "$work/key"; } >"$work/key.der"
  tail -c 64 "$work/signature" >"$work/proof"
  openssl dgst -blake2b512 -binary "$1" >"$work/hash" || return 1
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/hash" \
    -sigfile "$work/proof" >/dev/null 2>&1
}

verify_with_node() {
  node -e '
    const { readFileSync } = require("fs"), { createHash, createPublicKey, verify } = require("crypto")
    const [sums, signature, key] = process.argv.slice(1)
    const publicKey = Buffer.from(key, "base64")
    const line = Buffer.from(readFileSync(signature, "utf8").split("\n")[1] || "", "base64")
    if (publicKey.length !== 42 || line.length !== 74 || line.toString("latin1", 0, 2) !== "ED") process.exit(1)
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey.subarray(10)])
    const hash = createHash("blake2b512").update(readFileSync(sums)).digest()
    const made = createPublicKey({ key: der, format: "der", type: "spki" })
    process.exit(verify(null, hash, made, line.subarray(10)) ? 0 : 1)
  ' "$1" "$2" "$PUBLIC_KEY" >/dev/null 2>&1
}

verify() {
  if [ "$skip_signature" = yes ]; then
    say 'install.sh: warning: the signature is NOT checked, as you said'
    return
  fi
  case $PUBLIC_KEY in
    *@PUBLIC* | '') fail 'which key must have signed it?' 'give the public key of who released it: --key RW…' ;;
  esac
  if have minisign; then
    minisign -Vqm "$1" -x "$2" -P "$PUBLIC_KEY" >/dev/null 2>&1 && return
  elif have openssl && case $(openssl version 2>/dev/null) in 'OpenSSL '[3-9]*) true ;; *) false ;; esac; then
    verify_with_openssl "$1" "$2" && return
  elif have node; then
    verify_with_node "$1" "$2" && return
  else
    fail 'nothing here can check the signature: minisign, openssl 3 or node is needed' \
      'install one of them, or say --insecure-skip-signature'
  fi
  fail 'the signature is wrong: this is not what was released' 'nothing was changed; tell who sent you here'
}

# By what ldd says of itself; where there is none, by the loaders. Some systems have those of both.
is_musl() {
  case $(ldd --version 2>&1 || true) in
    *musl*) return 0 ;;
    *GLIBC* | *'GNU libc'*) return 1 ;;
  esac
  for loader in /lib/ld-linux-* /lib64/ld-linux-*; do [ ! -e "$loader" ] || return 1; done
  for loader in /lib/ld-musl-*; do [ ! -e "$loader" ] || return 0; done
  fail 'neither glibc nor musl is where it belongs' 'name the platform: --platform linux-x64'
}

find_platform() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) fail "there is no release for $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "there is no release for $(uname -m)" ;;
  esac
  [ $system = linux ] && is_musl && machine=$machine-musl
  printf '%s' "$system-$machine"
}

# Whether version $1 is older than version $2; what stands behind a - does not count.
is_older() {
  older_a=${1%%[-+]*} older_b=${2%%[-+]*}
  for _ in 1 2 3; do
    a=${older_a%%.*} b=${older_b%%.*}
    [ "$a" -ge "$b" ] || return 0
    [ "$a" -le "$b" ] || return 1
    older_a=${older_a#*.} older_b=${older_b#*.}
  done
  return 1
}

# The name of the archive for $1 in the list that was signed.
archive_for() {
  grep -E "^[0-9a-f]{64}  tinyvault-[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*-$1\.tar\.gz\$" "$work/SHA256SUMS" |
    head -n 1 | cut -c 67-
}

# `mkdir -p`, remembering what was made so that it can be taken back.
make_folder() {
  [ ! -d "$1" ] || return 0
  make_folder "$(dirname "$1")" || return 1
  mkdir "$1" 2>/dev/null || return 1
  made="$1
$made"
}

FILES='share/man/man1/tvault.1
share/bash-completion/completions/tvault
share/zsh/site-functions/_tvault
share/fish/vendor_completions.d/tvault.fish
bin/tvault'

take_back() {
  [ -z "$staging" ] || printf '%s\n' "$FILES" | while read -r file; do
    rm -f "$prefix/$(dirname "$file")/.new-$staging-$(basename "$file")"
  done
  [ -z "$made" ] || printf '%s' "$made" | while read -r folder; do rmdir "$folder" 2>/dev/null || true; done
}

# Everything beside its place first, then each into its place in one step, the program last.
place() {
  staging=$$
  printf '%s\n' "$FILES" >"$work/files"
  while read -r file; do
    [ -f "$1/$file" ] || continue
    [ ! -d "$prefix/$file" ] || fail "$prefix/$file is a directory"
    folder=$prefix/$(dirname "$file")
    new=$folder/.new-$staging-$(basename "$file")
    mode=644
    [ "$file" != bin/tvault ] || mode=755
    if ! { make_folder "$folder" && cp "$1/$file" "$new" 2>/dev/null && chmod "$mode" "$new"; }; then
      fail "cannot write below $prefix" 'name another place: --prefix DIR'
    fi
  done <"$work/files"
  while read -r file; do
    new=$prefix/$(dirname "$file")/.new-$staging-$(basename "$file")
    [ ! -f "$new" ] || mv -f "$new" "$prefix/$file" || fail "cannot replace $prefix/$file"
  done <"$work/files"
  staging=''
  made=''
}

# A vault that is thrown away: only this loads the library of the store.
try_store() {
  TVAULT_DIR=$work/vault TVAULT_NO_AGENT=1 TVAULT_PASSPHRASE='copper lantern meadow orbit' \
    "$1" init --kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1 </dev/null >/dev/null 2>"$work/reason"
}

NEEDS='it needs glibc 2.34 or musl, and libstdc++; or build it: --from-source'

version_of() { "$1" --version 2>/dev/null | sed -n 's/^tvault \([0-9][^ ]*\) (.*/\1/p'; }

uninstall() {
  program=$prefix/bin/tvault
  [ -f "$program" ] || fail "there is no tvault below $prefix"
  [ -w "$prefix/bin" ] || fail "cannot write to $prefix/bin"
  "$program" agent stop >/dev/null 2>&1 || true
  printf '%s\n' "$FILES" | while read -r file; do rm -f "$prefix/$file"; done
  for folder in share/man/man1 share/man share/bash-completion/completions share/bash-completion \
    share/zsh/site-functions share/zsh share/fish/vendor_completions.d share/fish share bin; do
    rmdir "$prefix/$folder" 2>/dev/null || true
  done
  say "tvault was removed from $prefix; vaults, identities and settings are where they were"
}

build_from_source() {
  have node || fail 'building it needs node and npm'
  have npm || fail 'building it needs node and npm'
  say 'building it here; that takes a minute'
  (cd "$1" && npm run build --silent) >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log" >&2
    fail 'the build failed; what it said is above'
  }
  mkdir -p "$work/made/bin"
  cp "$1/dist/tvault" "$work/made/bin/tvault"
  while read -r shell file; do
    mkdir -p "$work/made/$(dirname "$file")"
    "$work/made/bin/tvault" completion "$shell" >"$work/made/$file"
  done <<END
bash share/bash-completion/completions/tvault
zsh share/zsh/site-functions/_tvault
fish share/fish/vendor_completions.d/tvault.fish
END
  [ ! -f "$1/test/golden/tvault.1" ] || {
    mkdir -p "$work/made/share/man/man1"
    cp "$1/test/golden/tvault.1" "$work/made/share/man/man1/tvault.1"
  }
}

advise() {
  say "tvault $1 is in $prefix/bin"
  case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) say "add it to your PATH, in ~/.profile or the file of your shell: export PATH=\"$prefix/bin:\$PATH\"" ;;
  esac
  case ${SHELL:-} in
    */zsh) say "for completion, in ~/.zshrc before compinit: fpath=(\"$prefix/share/zsh/site-functions\" \$fpath)" ;;
  esac
  say 'first step: tvault init'
}

main() {
  prefix='' version='' platform='' force=no skip_signature=no from_source=no do=install
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix | --version | --base-url | --key | --platform)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case $1 in
          --prefix) prefix=$2 ;;
          --version) version=${2#v} ;;
          --base-url) BASE_URL=$2 ;;
          --key) PUBLIC_KEY=$2 ;;
          --platform) platform=$2 ;;
        esac
        shift
        ;;
      --force) force=yes ;;
      --from-source) from_source=yes ;;
      --insecure-skip-signature) skip_signature=yes ;;
      --uninstall) do=uninstall ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) fail "unknown flag $1" 'install.sh --help' ;;
    esac
    shift
  done
  if [ -z "$prefix" ]; then
    case ${HOME:-} in
      /*) prefix=$HOME/.local ;;
      *) fail 'there is no home directory: HOME is not set' 'name a place: --prefix DIR' ;;
    esac
  fi
  case $prefix in
    /*) ;;
    *) prefix=$PWD/$prefix ;;
  esac
  if [ $do = uninstall ]; then
    uninstall
    exit 0
  fi

  check_url "$BASE_URL"
  from=${BASE_URL%/}${version:+/v$version}
  existing=$prefix/bin
  while [ ! -e "$existing" ]; do existing=$(dirname "$existing"); done
  if [ ! -d "$existing" ] || [ ! -w "$existing" ]; then
    fail "cannot write to $existing" 'name another place: --prefix DIR'
  fi

  umask 022
  made='' staging=''
  work=$(mktemp -d "${TMPDIR:-/tmp}/tvault-install.XXXXXX") || fail 'no temporary folder can be made'
  trap 'take_back; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  must_fetch SHA256SUMS "$work/SHA256SUMS" 65536
  must_fetch SHA256SUMS.minisig "$work/SHA256SUMS.minisig" 4096
  verify "$work/SHA256SUMS" "$work/SHA256SUMS.minisig"

  [ -n "$platform" ] || platform=$(find_platform)
  [ $from_source = no ] || platform=source
  archive=$(archive_for "$platform")
  [ -n "$archive" ] || fail "the release has no archive for $platform" 'build it here: --from-source'
  offered=${archive#tinyvault-}
  offered=${offered%"-$platform.tar.gz"}
  [ -z "$version" ] || [ "$version" = "$offered" ] || fail "version $version was asked for, and $offered is there"
  # A script of one release at a place with an older one: somebody holds the newer one back.
  case $RELEASED in *@VERSION*) ;; *) [ -n "$version" ] || [ $force = yes ] || ! is_older "$offered" "$RELEASED" ||
    fail "$offered is older than $RELEASED, for which this script is" '--force takes it all the same' ;; esac
  present=$(version_of "$prefix/bin/tvault" || true)
  if [ -n "$present" ] && [ $force = no ] && is_older "$offered" "$present"; then
    fail "$offered is older than $present, which is installed" 'an older version may have faults that are mended; --force takes it all the same'
  fi

  must_fetch "$archive" "$work/archive.tar.gz" 268435456
  [ "$(sha256_of "$work/archive.tar.gz")" = "$(grep -F "  $archive" "$work/SHA256SUMS" | head -n 1 | cut -c 1-64)" ] ||
    fail "$archive is not the one that was signed: its SHA-256 differs" 'nothing was changed; try again'
  (cd "$work" && gzip -dc archive.tar.gz | tar -xf -) 2>/dev/null || fail "$archive cannot be unpacked"
  tree=$work/${archive%.tar.gz}
  if [ $from_source = yes ]; then
    build_from_source "$tree"
    tree=$work/made
  fi
  [ "$(version_of "$tree/bin/tvault")" = "$offered" ] ||
    fail "the program does not run here ($platform)" "$NEEDS"
  try_store "$tree/bin/tvault" || fail "the store does not open here: $(head -n 1 "$work/reason")" "$NEEDS"
  place "$tree"
  advise "$offered"
}

main "$@"
