// Tools of TinyVault that no policy can make safe. They are never listed; a client that calls one from memory is told why
// it is refused and what to do instead.

interface Refused {
  why: string
  instead: string
}

const SEALING = 'sealing gives values to whoever holds the private key'
const SHARING = 'sharing lets others read, and lasts'

export const NOT_FOR_AGENTS: ReadonlyMap<string, Refused> = new Map([
  [
    'vault_export_env',
    {
      why: 'an export is a file full of values',
      instead: 'vault_exec gives them to a program; vault_inject_env writes files that the policy names',
    },
  ],
  ['vault_seal_for_recipients', { why: SEALING, instead: 'the owner runs: tvault seal' }],
  ['vault_export_env_encrypted', { why: SEALING, instead: 'the owner runs: tvault seal' }],
  ['vault_env_seal', { why: SEALING, instead: 'the owner runs: tvault env seal' }],
  [
    'vault_open_sealed',
    { why: 'what is opened would be a file full of values', instead: 'the owner runs: tvault open' },
  ],
  ['vault_share_project', { why: SHARING, instead: 'the owner runs: tvault projects share' }],
  [
    'vault_unshare_project',
    { why: 'who may read is for the owner to say', instead: 'the owner runs: tvault projects unshare' },
  ],
  [
    'vault_identity_new',
    { why: 'an identity reads without the passphrase, also later', instead: 'the owner runs: tvault identity new' },
  ],
])
