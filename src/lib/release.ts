// Where this build looks for newer ones when it is asked to, and by which key it knows them. Put in by
// scripts/bundle.ts; a build that nobody released has neither.

export const release: { readonly platform: string; readonly url: string; readonly key: string } = {
  /** As in the names of the released files: `linux-x64-musl`. */
  platform: process.env['TVAULT_BUILD_PLATFORM'] ?? '',
  /** Where the files of the newest release are. */
  url: process.env['TVAULT_RELEASE_URL'] ?? '',
  /** Public key of minisign. */
  key: process.env['TVAULT_RELEASE_KEY'] ?? '',
}

/** The file with the hashes of a release, and the signature over it. */
export const SUMS = 'SHA256SUMS'
export const SIGNATURE = `${SUMS}.minisig`

/** What an archive of a release is called. */
export function archiveName(version: string, platform: string): string {
  return `tinyvault-${version}-${platform}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`
}
