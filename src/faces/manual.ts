// The manual behind `tvault help <topic>` and `tvault help --json`. Data only: a test parses every command in it with
// the real parser, so none can name a command or a flag that is not there.

export interface Step {
  step: string
  command: string
  why: string
}

export interface Recipe {
  name: string
  commands: readonly string[]
  description: string
}

export const OVERVIEW =
  'tvault keeps secrets in one encrypted file on your machine and gives them to the programs that need them. There is ' +
  'no server and no account, and the network is used only by commands that are for it. A passphrase opens the file; ' +
  'names, sizes and times in it are in the clear, values are not. Every hand-over of a value is written to an audit ' +
  'log first.'

export const LIFECYCLE: readonly Step[] = [
  {
    step: '1. Make a vault',
    command: 'tvault init',
    why: 'Asks for a passphrase, twice. Scripts give it with TVAULT_PASSPHRASE_FILE or TVAULT_PASSPHRASE_COMMAND.',
  },
  {
    step: '2. Put secrets in',
    command: 'tvault set DATABASE_URL',
    why: 'Asks for the value without showing it. --stdin, --from-file and --from-env take it from elsewhere; tvault import reads whole files.',
  },
  {
    step: '3. Keep things apart',
    command: 'tvault projects create staging',
    why: 'Each project has a key of its own. -p names a project for one command, tvault use for all that follow.',
  },
  {
    step: '4. Use them',
    command: 'tvault run -- npm start',
    why: 'The program gets the secrets as environment variables, and nobody else does. --only gives it less.',
  },
  {
    step: '5. Unlock once',
    command: 'tvault unlock --idle 15m',
    why: 'An agent keeps the key in locked memory for a while, so that nobody types the passphrase all day. tvault lock ends it.',
  },
  {
    step: '6. Keep a copy',
    command: 'tvault backup ~/vault-backup.db',
    why: 'A consistent copy that was read back before it is called done. It opens with the passphrase of its time.',
  },
]

/** What lies where, in the words of a list. */
export const FILES = [
  '~/.tvault/  the vault directory, 0700; --vault and TVAULT_DIR name another',
  'vault.db  the vault, 0600: values encrypted, names readable; vault.db-lock beside it',
  'config.yaml  where a passphrase comes from; optional',
  'identities/  private keys, one file each, 0600',
  'mcp-policy.yaml  what AI agents may do; optional',
] as const

export const OUTPUT = {
  json_usage:
    'Every command takes --json. The result is one JSON document on standard output, a failure is one JSON object on ' +
    'standard error, {"error":{"kind","message","hint","exit"}}. A locked vault is {"error":"vault_locked","locked":true} ' +
    'on standard output, as TinyVault has it. Programs started by run, docker and ssh write what they like. JSON hides ' +
    'nothing: get, env, export, open, decrypt-env, k8s render and identity export print values.',
  env_formats: [
    'shell          export KEY=value lines to eval; the default of tvault env',
    'dotenv         KEY=value lines; --dialect writes them for one reader: docker, compose, node, systemd and others',
    'json           one object; a value that is not text becomes base64 and says so',
    'yaml           a mapping, quoted wherever YAML would guess a type',
    'k8s-secret     a manifest with base64, which hides nothing',
    'pulumi-config  pulumi commands, for sh',
    'fish           set -gx lines',
  ],
  golden_rule:
    'Give values to a program with tvault run; print them only where nobody else reads. Commands that print many values ' +
    'refuse a terminal unless --reveal is given.',
} as const

export const SAFETY = {
  encryption:
    'Values are encrypted with AES-256-GCM, each in a box that is bound to its vault, project, name and version. The key ' +
    'of the vault comes from the passphrase by Argon2id; its cost stands in the file and cannot be lowered unnoticed.',
  key_hierarchy:
    'passphrase, Argon2id, key of the vault, one key per project, values. Who gets the key of one project reads that ' +
    'project and no other.',
  redaction:
    'tvault run does not change what the program prints. Hiding values in output is a net under careless programs, not ' +
    'a wall: an encoded or split value slips through any filter.',
  agent_safety:
    'An AI agent needs no value to use one: it runs tvault run, and the program gets the value. Names are safe to show ' +
    'to it (list, search, history), values are not (get, env, export).',
  never_do_this: [
    'commit vault.db: whoever has the file can try passphrases for ever',
    'put a passphrase or a value on a command line, into a chat or into a log',
    'leave a plaintext .env beside the vault that replaced it',
    'trust that output is clean because it was filtered',
    'keep the only copy of an identity on one disk',
  ],
  encrypted_env_note:
    'encrypt-env with --recipient makes a file that can be committed: the holders of those identities open it, without ' +
    'the vault and its passphrase. Without --recipient it is bound to this vault and opens no more after key rotate.',
} as const

export const RECIPES: readonly Recipe[] = [
  {
    name: 'Take over a project that has a .env',
    commands: ['tvault projects create shop', 'tvault import .env -p shop', 'rm .env'],
    description: 'All entries are stored in one step. The file is yours to delete.',
  },
  {
    name: 'Store a value without showing it to anybody',
    commands: ['tvault set API_KEY', 'tvault generate SESSION_SECRET'],
    description: 'The first asks, the second makes a random one. Neither is in the history of the shell.',
  },
  {
    name: 'Give a program what it needs and nothing else',
    commands: ['tvault run --only DATABASE_URL,API_KEY --strict -- ./server'],
    description: 'A missing key stops it before the program starts.',
  },
  {
    name: 'Keep a .env with references under version control',
    commands: ['tvault run --env-file .env -- npm start'],
    description: 'Lines such as DATABASE_URL=${tvault://shop/DATABASE_URL} are filled in when the program starts.',
  },
  {
    name: 'Put a value back',
    commands: ['tvault history API_KEY', 'tvault rollback API_KEY --to 1'],
    description: 'The old value becomes a new version; nothing is lost.',
  },
  {
    name: 'Share secrets in a repository',
    commands: [
      'tvault identity new',
      'tvault git-filter install --recipient tvault1...',
      'tvault git-filter track .env',
    ],
    description: 'git stores the file encrypted and shows it in the clear to those who hold an identity.',
  },
  {
    name: 'Seal a file for a machine',
    commands: ['tvault encrypt-env .env --recipient tvault1...', 'tvault decrypt-env .env.encrypted -o .env'],
    description: 'The first on your side, the second on theirs, with their identity.',
  },
  {
    name: 'Several environments of one project',
    commands: [
      'tvault env group create shop --env production=shop --env staging=shop-staging',
      'tvault env diff shop',
      'tvault env promote API_URL --group shop --from staging --to production',
    ],
    description: 'A group names the projects; diff says where they differ, promote copies what you choose.',
  },
  {
    name: 'Secrets in containers',
    commands: ['tvault docker build --only NPM_TOKEN -- -t app .', 'tvault docker compose --only DATABASE_URL -- up'],
    description: 'Values travel in the environment of the docker client; tvault docker init shows both files.',
  },
  {
    name: 'A command on another machine',
    commands: ['tvault ssh deploy@example.org --only API_KEY -- systemctl restart api'],
    description: 'Nothing is written there, and no value is on a command line.',
  },
  {
    name: 'Secrets in a CI service',
    commands: ['tvault ci init --provider github-actions --mode identity'],
    description: 'Writes a workflow whose only secret is one private key.',
  },
  {
    name: 'Who did what',
    commands: ['tvault audit --since yesterday', 'tvault audit verify'],
    description: 'The log is chained; verify finds rows that were changed, removed or moved.',
  },
]

export const AGENT_GUIDE = {
  discover:
    'tvault docs commands --json is every command with its fields, examples and effect on secrets. tvault docs features ' +
    'is the short list, tvault help --json this manual.',
  preferred_order: [
    '1. tvault status --json says whether there is a vault and whether it is open',
    '2. tvault list and tvault search find names; they show no values and need no passphrase',
    '3. tvault run --only KEY -- command gives a value to a program without showing it to you',
    '4. tvault audit shows what was done',
  ],
  anti_patterns: [
    'Do not call tvault get or tvault env to find out what is there: list and search do that.',
    'Do not print a value, write it to a file, or put it on a command line.',
    'Do not ask for the passphrase and do not look for it. Exit code 3 means: a person has to unlock.',
    'Do not answer a question of tvault for the person; say which command asks, and why.',
  ],
  when_to_ask_for_help:
    'When the exit code is 3 (locked), 6 (wrong passphrase), 8 (denied) or 9 (damaged), stop and tell the person what ' +
    'the hint says. For wrong flags read tvault help and the name of the command.',
} as const

export const TROUBLESHOOTING: readonly { problem: string; solution: string }[] = [
  {
    problem: 'The passphrase is lost.',
    solution:
      'Nobody can open the vault then; there is no back door. A backup opens with the passphrase of its time. What was ' +
      'shared with an identity can be read with that identity.',
  },
  {
    problem: 'Exit code 3: a passphrase is needed, and there is no terminal to ask on.',
    solution:
      'Give it a source: TVAULT_PASSPHRASE_COMMAND (asks a password manager), TVAULT_PASSPHRASE_FILE (a 0600 file with ' +
      'a line TVAULT_PASSPHRASE=…), agent.passphrase_command or agent.passphrase_file in config.yaml, or ' +
      '~/.config/secrets/env; or let a person run tvault unlock first. A program inside of tvault run inherits none of ' +
      'these.',
  },
  {
    problem: 'Exit code 5: there is no vault.',
    solution:
      'tvault status shows which directory is meant. --vault and TVAULT_DIR name another one; tvault init makes one.',
  },
  {
    problem: 'Exit code 6: the passphrase does not open this vault.',
    solution: 'The message names the source it came from. A source that is set is final; the next one is not tried.',
  },
  {
    problem: 'Exit code 7: another process writes.',
    solution: 'Reading never waits. A writer waits ten seconds; TVAULT_LOCK_TIMEOUT changes that.',
  },
  {
    problem: 'Exit code 9: something stored is damaged.',
    solution: 'tvault doctor names it. tvault restore puts a backup in place and keeps the damaged file.',
  },
  {
    problem: 'A value begins with - and is taken for a flag.',
    solution: 'Put -- in front of it, or give it with --stdin.',
  },
  {
    problem: 'A program does not see a secret.',
    solution:
      'tvault run -- env shows the names that arrive. Names that begin with TVAULT_ are our own and are not given on, ' +
      'except the way to the vault.',
  },
  {
    problem: 'The vault is one of the Go program TinyVault.',
    solution: 'tvault migrate moves it over and leaves the old file where it is.',
  },
]

export const TOPICS = [
  {
    slug: 'workflow',
    title: 'From an empty disk to daily use',
    description: 'init, set, projects, run, unlock, backup',
  },
  {
    slug: 'safety',
    title: 'What is protected, and what never to do',
    description: 'the short form of docs threat-model',
  },
  { slug: 'recipes', title: 'Commands to copy', description: 'the dozen tasks that come up most' },
  { slug: 'output', title: 'JSON, formats, exit codes', description: 'what scripts can rely on' },
  { slug: 'agent', title: 'For AI agents', description: 'what to call first, what to avoid, when to stop' },
  { slug: 'troubleshooting', title: 'When something does not work', description: 'by exit code and by symptom' },
] as const

export type ManualTopic = (typeof TOPICS)[number]['slug'] | 'topics'

/** Topics by other words that people type. */
const OTHER_WORDS: Readonly<Record<string, ManualTopic>> = {
  quickstart: 'workflow',
  locked: 'troubleshooting',
  json: 'output',
  agents: 'agent',
}

/** The topic that `word` names, or undefined. */
export function manualTopic(word: string): ManualTopic | undefined {
  if (word === 'topics') return 'topics'
  return TOPICS.find(({ slug }) => slug === word)?.slug ?? OTHER_WORDS[word]
}

/** What `help <topic> --json` prints, in the shape of TinyVault. */
export function manualData(topic: ManualTopic): unknown {
  switch (topic) {
    case 'workflow':
      return { topic, lifecycle: LIFECYCLE }
    case 'safety':
      return SAFETY
    case 'recipes':
      return RECIPES
    case 'output':
      return OUTPUT
    case 'agent':
      return AGENT_GUIDE
    case 'troubleshooting':
      return TROUBLESHOOTING
    case 'topics':
      return TOPICS
  }
}
