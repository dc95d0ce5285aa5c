// What this build is. The commit is put in by scripts/build.ts, which replaces `process.env.TVAULT_COMMIT`.
import { version } from '../../package.json' with { type: 'json' }

export const build: { readonly version: string; readonly commit: string; readonly platform: string } = {
  version,
  commit: process.env['TVAULT_COMMIT'] ?? 'dev',
  platform: `${process.platform}-${process.arch}`,
}

/** What `--version` prints. */
export const versionLine = `tvault ${build.version} (commit ${build.commit}, ${build.platform})\n`
