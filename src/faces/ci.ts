// The files that `tvault ci init` writes. The rules: no secret is on a command line or in a log, no program is run
// whose sum was not checked, and nothing advises to commit a vault, whose passphrase could then be tried for ever.

export const CI_PROVIDERS = ['github-actions', 'gitlab'] as const
export const CI_MODES = ['passphrase', 'identity'] as const
export const WORKFLOW_FILE = '.github/workflows/tinyvault-secrets.yml'

export interface CiWish {
  provider: (typeof CI_PROVIDERS)[number]
  mode: (typeof CI_MODES)[number]
  /** Name of the identity that was made for the service. */
  identity: string
  /** SHA-256 of the program to fetch, when it is known. */
  sum: string | undefined
  version: string
}

/** The text of the file. */
export function ciFile(wish: CiWish): string {
  return wish.provider === 'gitlab' ? gitlab(wish) : github(wish)
}

const SUM_HINT = 'sha256sum "$(command -v tvault)"'

function comment(lines: readonly string[]): string {
  return lines.map((line) => `${`# ${line}`.trimEnd()}\n`).join('')
}

/** How a person tells the service a variable, a secret, and what a command prints as a secret. */
interface Telling {
  variable: (name: string) => string
  secret: (name: string) => string
  printed: (command: string, name: string) => string
}

const GITHUB: Telling = {
  variable: (name) => `gh variable set ${name}`,
  secret: (name) => `gh secret set ${name}`,
  printed: (command, name) => `${command} | gh secret set ${name}`,
}

const GITLAB: Telling = {
  variable: (name) => `CI/CD variable ${name}`,
  secret: (name) => `CI/CD variable ${name}, masked and protected`,
  printed: (command, name) => `CI/CD variable ${name}, masked and protected: what ${command} prints`,
}

/** What a person does once. */
function setup({ mode, identity, sum, version }: CiWish, tell: Telling): string {
  const fetch = [
    `- ${tell.variable('TVAULT_URL')}: an https address of your own that has the program`,
    sum === undefined
      ? `- ${tell.variable('TVAULT_SHA256')}: what ${SUM_HINT} prints`
      : `  (the sum below is that of tvault ${version}, which wrote this file; nothing else is run)`,
  ]
  if (mode === 'passphrase') {
    return comment([
      'The vault lies on a runner of your own and is never committed: whoever can read a',
      'repository could try passphrases on it for ever. Other runners: --mode identity.',
      '',
      'Once:',
      `- ${tell.variable('TVAULT_DIR')}: the directory of the vault on the runner`,
      `- ${tell.secret('TVAULT_PASSPHRASE')}`,
      ...fetch,
    ])
  }
  return comment([
    'The repository holds .env.encrypted, which only the private key of this service and',
    'the other recipients open. The vault and its passphrase stay where they are.',
    '',
    'Once:',
    `- tvault identity new ${identity}`,
    '- tvault encrypt-env --in .env --out .env.encrypted --recipient <what it printed> --recipient <your own>',
    `- ${tell.printed(`tvault identity export ${identity} --force`, 'TVAULT_IDENTITY_KEY')}`,
    '- commit .env.encrypted and this file, never .env',
    ...fetch,
  ])
}

/** Fetches the program and checks it before it is run. */
function install(indent: string): string {
  return [
    `curl --proto '=https' --tlsv1.2 -fsSL "$TVAULT_URL" -o "$TVAULT_BIN/tvault"`,
    `echo "$TVAULT_SHA256  $TVAULT_BIN/tvault" | sha256sum -c -`,
    `chmod 0755 "$TVAULT_BIN/tvault"`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join('')
}

function github(wish: CiWish): string {
  const { mode, sum } = wish
  const secret = mode === 'identity' ? 'TVAULT_IDENTITY_KEY' : 'TVAULT_PASSPHRASE'
  const load =
    mode === 'identity'
      ? 'tvault decrypt-env --in .env.encrypted | tvault ci export --provider github-actions --in -'
      : 'tvault ci export --provider github-actions'
  return `${comment([`TinyVault in GitHub Actions, mode ${mode}.`])}${setup(wish, GITHUB)}
name: TinyVault Secrets

on:
  workflow_call:
    secrets:
      ${secret}:
        required: true

permissions:
  contents: read

jobs:
  with-secrets:
    runs-on: ${mode === 'identity' ? 'ubuntu-latest' : 'self-hosted'}
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false

      - name: Install tvault
        shell: bash
        env:
          TVAULT_URL: \${{ vars.TVAULT_URL }}
          TVAULT_SHA256: ${sum ?? '${{ vars.TVAULT_SHA256 }}'}
        run: |
          TVAULT_BIN="$RUNNER_TEMP/tvault-bin"
          mkdir -p "$TVAULT_BIN"
${install('          ')}          echo "$TVAULT_BIN" >> "$GITHUB_PATH"

      # The steps below this one have the secrets in their environment, hidden in the log.
      # For one step alone, leave this out and write there: tvault run -- <command>
      - name: Load secrets
        shell: bash
        env:
${mode === 'identity' ? '' : '          TVAULT_DIR: ${{ vars.TVAULT_DIR }}\n'}          ${secret}: \${{ secrets.${secret} }}
        run: ${load}

      - name: Your own steps
        run: echo "the secrets are loaded"
`
}

function gitlab(wish: CiWish): string {
  const { mode, sum } = wish
  const load =
    mode === 'identity'
      ? 'tvault decrypt-env --in .env.encrypted | tvault ci export --provider gitlab --in -'
      : 'tvault ci export --provider gitlab'
  return `${comment([`TinyVault in GitLab CI, mode ${mode}. Put this into .gitlab-ci.yml.`])}${setup(wish, GITLAB)}${comment(
    [
      '',
      'GitLab hides only the values of its own variables: a script that prints a loaded secret',
      'shows it in the log. Where one command needs them, tvault run -- <command> is safer.',
    ],
  )}
.load_tinyvault_secrets:
${sum === undefined ? '' : `  variables:\n    TVAULT_SHA256: ${sum}\n`}  before_script:
    - |
      set -eu
      TVAULT_BIN="$(mktemp -d)"
${install('      ')}      export PATH="$TVAULT_BIN:$PATH"
      tvault_lines="$(${load})"
      eval "$tvault_lines"
      unset tvault_lines

# build:
#   extends: .load_tinyvault_secrets
#   script:
#     - npm run build
`
}
