// What tvault can do, one row each, for programs that want to find out (`tvault docs features`). Data only; a test
// parses every command in it.

export interface Feature {
  name: string
  summary: string
  commands: readonly string[]
  description: string
}

export const FEATURES: readonly Feature[] = [
  {
    name: 'encrypted-storage',
    summary: 'One file, one key per project, every value in a box of its own',
    commands: ['tvault init', 'tvault set API_KEY', 'tvault key rotate'],
    description: 'AES-256-GCM under a key that comes from the passphrase by Argon2id. See tvault docs threat-model.',
  },
  {
    name: 'run',
    summary: 'Programs get secrets in their environment, and nobody else does',
    commands: ['tvault run --only API_KEY -- ./server', 'tvault docker run --only API_KEY -- alpine env'],
    description: 'tvault becomes the program, so signals, terminal and exit code are its own.',
  },
  {
    name: 'versioning',
    summary: 'Every value that was replaced stays in the history',
    commands: ['tvault history API_KEY', 'tvault get API_KEY --version 1', 'tvault rollback API_KEY --to 1'],
    description: 'A rollback makes a new version; version numbers are never used twice.',
  },
  {
    name: 'dotenv-files',
    summary: 'Dotenv files in, out, compared and kept in step',
    commands: ['tvault import .env', 'tvault export -o .env.local', 'tvault diff .env', 'tvault sync pull'],
    description: 'Nothing in a file is ever executed or expanded. Each reader of dotenv text has a dialect of its own.',
  },
  {
    name: 'interpolate',
    summary: 'References in a dotenv file are filled in when a program starts',
    commands: ['tvault run --env-file .env -- npm start'],
    description: '${tvault://KEY} is a secret of the current project, ${tvault://PROJECT/KEY} one of another.',
  },
  {
    name: 'encrypted-env',
    summary: 'Files sealed to people and machines, fit to be committed',
    commands: ['tvault encrypt-env .env --recipient tvault1...', 'tvault decrypt-env .env.encrypted'],
    description: 'Whoever holds the identity opens them, without the vault and its passphrase.',
  },
  {
    name: 'committable-secrets',
    summary: 'git stores files encrypted and shows them in the clear to those who may',
    commands: ['tvault git-filter install --recipient tvault1...', 'tvault git-filter track .env'],
    description: 'Clean, smudge, diff and merge of encrypted dotenv files.',
  },
  {
    name: 'sharing',
    summary: 'A project can be read with an identity instead of the passphrase',
    commands: [
      'tvault identity new',
      'tvault projects share tvault1... -p web',
      'tvault projects unshare tvault1... -p web',
    ],
    description: 'Unsharing makes new keys and names what the leaver could read.',
  },
  {
    name: 'environments',
    summary: 'Groups of projects that are the environments of one thing',
    commands: [
      'tvault env group create shop --env production=shop --env staging=shop-staging',
      'tvault env diff shop',
      'tvault env promote API_URL --group shop --from staging --to production',
    ],
    description: 'With inheritance, pins, a comparison, and promotion of what differs.',
  },
  {
    name: 'k8s',
    summary: 'Sealed manifests for Kubernetes',
    commands: ['tvault seal --format k8s --name app -o sealed.yaml', 'tvault k8s render sealed.yaml'],
    description: 'The first can be committed, the second makes a Secret of it.',
  },
  {
    name: 'ci',
    summary: 'Secrets in CI services, hidden in their logs',
    commands: [
      'tvault ci init --provider github-actions --mode identity',
      'tvault ci export --provider github-actions',
    ],
    description: 'Nothing is fetched without a sum that is checked, and no vault is committed.',
  },
  {
    name: 'ssh',
    summary: 'A command on another machine gets secrets',
    commands: ['tvault ssh box --only API_KEY -- systemctl restart api'],
    description: 'Over the encrypted channel: on no command line and in no file.',
  },
  {
    name: 'shells',
    summary: 'Secrets in a shell, when you ask for them or when it starts',
    commands: ['tvault hook bash', 'tvault shell-init bash -p personal', 'tvault completion bash'],
    description: 'Completion knows commands, flags, projects and keys.',
  },
  {
    name: 'agent',
    summary: 'The key stays unlocked for a while',
    commands: ['tvault unlock', 'tvault agent status', 'tvault lock'],
    description: 'In locked memory of one process, for this user alone, until it was idle for a time.',
  },
  {
    name: 'audit',
    summary: 'A chained log of who did what',
    commands: ['tvault audit --limit 20', 'tvault audit verify'],
    description: 'A value leaves only after its row is on the disk.',
  },
  {
    name: 'backup',
    summary: 'Consistent copies, checked before they are trusted',
    commands: ['tvault backup ~/vault-backup.db', 'tvault restore ~/vault-backup.db --dry-run'],
    description: 'A restore keeps the vault that it replaces.',
  },
  {
    name: 'move-in',
    summary: 'Secrets from other tools',
    commands: ['tvault migrate --dry-run', 'tvault import --from auto export.1pux --dry-run'],
    description: 'From the Go TinyVault with full history, and from a dozen other formats.',
  },
]
