// Texts by which others install what was released: Homebrew, nix, a container, and the registry of MCP servers. Each
// names the files of this very release by their hashes, so none of them can go stale unnoticed.
export interface Released {
  version: string
  /** Where the files are. */
  url: string
  /** Reverse domain and name, by which an MCP registry knows the server. */
  mcpName: string
  /** SHA-256 in hex by name of the file. */
  sums: ReadonlyMap<string, string>
}

function archive({ version, sums, url }: Released, platform: string): { url: string; sha256: string } {
  const name = `tinyvault-${version}-${platform}.tar.gz`
  const sha256 = sums.get(name)
  if (sha256 === undefined) throw new Error(`${name} is not in this release`)
  return { url: `${url.replace(/\/$/, '')}/v${version}/${name}`, sha256 }
}

/** A formula of Homebrew, for Linux. `arm64` only when it was made. */
export function homebrew(released: Released): string {
  const block = (test: string, platform: string): string => {
    const { url, sha256 } = archive(released, platform)
    return `    ${test} do\n      url "${url}"\n      sha256 "${sha256}"\n    end\n`
  }
  return `# Homebrew formula of tinyvault ${released.version}.
class Tinyvault < Formula
  desc "Local-first secrets vault for developers and AI agents"
  homepage "${released.url}"
  version "${released.version}"
  license "MIT"

  on_linux do
${block('on_intel', 'linux-x64')}${block('on_arm', 'linux-arm64')}  end

  depends_on :linux

  # Taking symbols out of the program would take our part of it away.
  skip_clean "bin/tvault"

  def install
    bin.install "bin/tvault"
    man1.install "share/man/man1/tvault.1"
    bash_completion.install "share/bash-completion/completions/tvault"
    zsh_completion.install "share/zsh/site-functions/_tvault"
    fish_completion.install "share/fish/vendor_completions.d/tvault.fish"
    doc.install "THIRD-PARTY.txt", "sbom.cdx.json"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/tvault --version")
  end
end
`
}

/** A derivation of nix, to be called with \`callPackage\`. */
export function nix(released: Released): string {
  const row = (system: string, platform: string): string => {
    const { url, sha256 } = archive(released, platform)
    return `    ${system} = {\n      url = "${url}";\n      sha256 = "${sha256}";\n    };\n`
  }
  return `# tinyvault ${released.version} for nix: callPackage ./tinyvault.nix { }
{ lib, stdenv, fetchurl, patchelf }:
let
  sources = {
${row('x86_64-linux', 'linux-x64')}${row('aarch64-linux', 'linux-arm64')}  };
in
stdenv.mkDerivation {
  pname = "tinyvault";
  version = "${released.version}";
  src = fetchurl (sources.\${stdenv.hostPlatform.system} or (throw "tinyvault: no release for this system"));
  nativeBuildInputs = [ patchelf ];
  # Stripping would take our part of the program away, and a search path in it breaks it.
  dontStrip = true;
  dontPatchELF = true;
  installPhase = ''
    runHook preInstall
    mkdir -p $out
    cp -r bin share $out/
    patchelf --set-interpreter "$(cat $NIX_CC/nix-support/dynamic-linker)" $out/bin/tvault
    # The library of the store is loaded from memory and finds only what the program has loaded.
    patchelf --add-needed \${stdenv.cc.cc.lib}/lib/libstdc++.so.6 $out/bin/tvault
    runHook postInstall
  '';
  meta = {
    description = "Local-first secrets vault for developers and AI agents";
    license = lib.licenses.mit;
    mainProgram = "tvault";
    platforms = builtins.attrNames sources;
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
`
}

/** A Dockerfile to be built in the folder of the release. */
export function dockerfile(released: Released): string {
  const { version } = released
  const sum = (platform: string): string => archive(released, platform).sha256
  return `# tvault ${version} in a container, built in the folder of the release: docker build -t tvault .
# The vault is a volume; the agent of the host is not in reach, so a passphrase comes from a file or a command.
ARG BASE=debian:bookworm-slim
FROM \${BASE}
ARG TARGETARCH=amd64
COPY tinyvault-${version}-linux-x64.tar.gz tinyvault-${version}-linux-arm64.tar.gz /tmp/
RUN set -eu; \\
    case "$TARGETARCH" in \\
      amd64) name=linux-x64; sum=${sum('linux-x64')} ;; \\
      arm64) name=linux-arm64; sum=${sum('linux-arm64')} ;; \\
      *) echo "no release for $TARGETARCH" >&2; exit 1 ;; \\
    esac; \\
    echo "$sum  /tmp/tinyvault-${version}-$name.tar.gz" | sha256sum -c -; \\
    tar -xzf "/tmp/tinyvault-${version}-$name.tar.gz" -C /usr/local --strip-components=1 --no-same-owner; \\
    rm /tmp/tinyvault-*; \\
    useradd --create-home --uid 1000 tvault; \\
    tvault --version
USER tvault
VOLUME /home/tvault/.tvault
ENTRYPOINT ["tvault"]
`
}

/** The manifest of the MCP registry (schema of 2025-12-11). */
export function mcpManifest({ version, mcpName }: Released): string {
  const manifest = {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: mcpName,
    title: 'TinyVault',
    description: 'Secrets for AI agents that use them without seeing them; local, encrypted, audited',
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: 'tinyvault',
        version,
        runtimeHint: 'npx',
        transport: { type: 'stdio' },
        packageArguments: [{ type: 'positional', value: 'mcp' }],
        environmentVariables: [
          {
            name: 'TVAULT_DIR',
            description: 'Directory of the vault, when it is not ~/.tvault',
            isRequired: false,
            isSecret: false,
            format: 'filepath',
          },
        ],
      },
    ],
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
