// The complete list of files that may open a Secret, each with its reason. A new door is a decision: it is added
// here, with a reason, and somebody reads the line.
import { linesWith } from './house.ts'
import type { House } from './house.ts'

export const REVEALERS: Readonly<Record<string, string>> = {
  'src/vault/boxes.ts': 'encrypts a value, and compares two in constant time',
  'src/vault/header.ts': 'derives the key from the passphrase',
  'src/vault/ahead.ts': 'begins with that, while the vault is being opened',
  'src/context/files.ts': 'hands the bytes of stdin to a parser and writes files that were asked for',
  'src/context/passphrase.ts': 'copies a passphrase out of its source into a Secret of its own',
  'src/context/start-anew.ts':
    'hands what came in the environment to itself, in a file in memory, before it begins anew',
  'src/context/new-passphrase.ts': 'measures the strength of a new passphrase and compares it with its repetition',
  'src/guard/environment.ts': 'builds the environment of a child in the moment before it starts',
  'src/context/identities.ts': 'reads an exported private key and writes the file of a new identity',
  'src/formats/identity-file.ts': 'writes the private key into the file of an identity',
  'src/crypto/recipient.ts': 'reads and writes the text of private keys and computes with them',
  'src/formats/marshal.ts': 'prints the dotenv text that goes into a sealed file',
  'src/formats/sections.ts': 'cuts one section out of the text of a sealed file that was asked for',
  'src/formats/k8s-sealed.ts': 'prints the Kubernetes Secret that a sealed manifest was asked to become',
  'src/formats/sealed.ts': 'encrypts what goes into a sealed file, under a key that is a Secret for version 1',
  'src/guard/feed.ts': 'gives the prepared input to the program it is for',
  'src/formats/remote-script.ts': 'prints the line that sets variables in a remote shell',
  'src/foreign/age.ts': 'opens an age identity file with its passphrase, on import',
  'src/foreign/bitwarden-sealed.ts': 'derives the key of a Bitwarden export from its password, on import',
  'src/foreign/kdbx.ts': 'derives the key of a KeePass database from its passphrase, on import',
  'src/guard/redact.ts': 'reads values once, into the tables by which they are found in output',
  'src/guard/confined-values.ts': 'hands values to a confined program: as input, descriptor or private file',
  'src/guard/request.ts': 'puts values into the header, query or body of a request in the moment it is sent',
  'src/formats/credential-files.ts': 'puts a value into .npmrc, .netrc or the configuration of docker, when asked for',
  'src/context/mcp-given.ts': 'copies what programs of an AI agent were given, to take it out of all later output',
  'src/context/mcp-acts.ts': 'writes the file that a policy of the owner names for an AI agent',
  'src/guard/askpass.ts': 'writes a value into the private file from which prompts are answered',
  'src/guard/memory-file.ts': 'puts a value into a file in memory for the program that was asked for',
  'src/formats/dotenv-print.ts': 'prints dotenv text that was asked for',
  'src/formats/dialects.ts': 'prints dotenv text for one reader that was asked for',
  'src/formats/dotenv-edit.ts': 'puts values into a dotenv file that was asked for, and reads it back',
  'src/formats/reference.ts': 'finds references to secrets in a value, and puts values in their place',
  'src/formats/json.ts': 'prints JSON that was asked for',
  'src/formats/k8s-secret.ts': 'prints a Kubernetes manifest that was asked for',
  'src/formats/pulumi.ts': 'prints commands for Pulumi that were asked for',
  'src/formats/shell.ts': 'prints export lines that were asked for',
  'src/formats/yaml.ts': 'prints YAML that was asked for',
  'src/formats/dotenv-three-way.ts': 'compares the values of three versions of a file and writes the merged one',
  'src/git/seal.ts': 'compares a file with what git stores of it, and hands sealed input through',
  'src/git/process.ts': 'gives git what it is to put into the work tree, and takes what it is to store',
  'src/git/worktree.ts': 'writes the tracked files of a clone, opened or sealed again',
  'src/formats/auto-lines.ts': 'prints lines for a shell that enters a directory which the owner allowed',
  'src/modes/agent/pack.ts': 'puts a value as bytes behind a message of protocol 2, after the gate',
  'src/modes/agent/plain.ts': 'puts a value as text into a reply of protocol 1, after the gate',
  'src/modes/agent/client.ts': 'hashes a token for the proof that is sent instead of it',
  'src/modes/agent/plain-client.ts': 'sends a token to an agent that speaks only protocol 1',
  'src/modes/agent/tokens.ts': 'hashes a token that was just made',
  'src/lib/plain.ts': 'makes JSON data of the result of a command whose effect is reveal',
  'src/modes/cli/print.ts': 'prints the result of a command whose effect is reveal',
}

/** Files that open a Secret without being listed, and listed files that no longer do. */
export function doorFaults(house: House, doors: Readonly<Record<string, string>> = REVEALERS): string[] {
  const opened = [...house].filter(
    ([, text]) => linesWith(text, /\.\s*reveal\b|\[\s*['"`]reveal['"`]\s*\]|\{[^}]*\breveal\b[^}]*\}\s*=/).length > 0,
  )
  const unknown = opened
    .filter(([path]) => !(path in doors))
    .map(([path]) => `${path} opens a Secret and is not a door`)
  const unused = Object.keys(doors).filter(
    (path) => path !== 'src/lib/secret.ts' && !opened.some(([open]) => open === path),
  )
  return [...unknown, ...unused.map((path) => `${path} is listed as a door but opens nothing`)]
}
