// The table of importers, and which of them a file is for. Order matters for nothing: no file is recognised by two
// (a test holds that), and when it is by none, what it does look like is said.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { MAX_DOTENV_BYTES } from '../formats/dotenv-files.ts'
import { parseDotenv } from '../formats/dotenv.ts'
import { looksLikeAge } from './age.ts'
import { aws } from './aws.ts'
import { bitwarden } from './bitwarden.ts'
import { doppler } from './doppler.ts'
import { dotenvx } from './dotenvx.ts'
import type { ForeignInput, Importer } from './importer.ts'
import { infisical } from './infisical.ts'
import { jsonOf, looksLikeJson } from './json.ts'
import { keepass } from './keepass.ts'
import { onePasswordCsv } from './one-password-csv.ts'
import { onePux } from './one-password-1pux.ts'
import { gopass, pass } from './password-store.ts'
import { sops } from './sops.ts'
import { vaultKv } from './vault-kv.ts'

export const IMPORTERS: readonly Importer[] = [
  onePux,
  onePasswordCsv,
  aws,
  bitwarden,
  doppler,
  dotenvx,
  gopass,
  infisical,
  keepass,
  pass,
  sops,
  vaultKv,
]

const AUTO = 'auto'
const BBOLT = [0xed, 0xda, 0x0c, 0xed]
const BBOLT_MAGIC_AT = 16

/** The importer for `--from format`. Throws `failed` when `auto` recognises none, with what the file seems to be. */
export function importerFor(format: string, input: ForeignInput): Importer {
  if (format !== AUTO) {
    const named = IMPORTERS.find((importer) => importer.format === format)
    if (named === undefined) throw new Failure('usage', `unknown format: ${printable(format)}`)
    const isTree = named === pass || named === gopass
    if (isTree === (input.files !== undefined)) return named
    const is = isTree ? 'a file' : 'a directory'
    throw new Failure('failed', `${printable(input.path)} is ${is}, and ${format} is ${named.about}`)
  }
  const found = IMPORTERS.filter((importer) => importer.recognise(input))
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw new Failure('failed', `${printable(input.path)} could be ${found.map(({ about }) => about).join(' or ')}`, {
      hint: `--from ${found[0]!.format}`,
    })
  }
  throw unknown(input)
}

function unknown({ path, bytes, files }: ForeignInput): Failure {
  const name = printable(path)
  const say = (message: string, hint: string): Failure => new Failure('failed', `${name} ${message}`, { hint })
  if (files !== undefined)
    return say('is a directory, but no tree of pass or gopass', 'tvault import --from pass ~/.password-store')
  // What is wrong with broken JSON helps more than that it is not known.
  if (looksLikeJson(bytes)) jsonOf(bytes, path)
  if (BBOLT.every((byte, index) => bytes[BBOLT_MAGIC_AT + index] === byte)) {
    return say('is a vault of the Go TinyVault', 'tvault migrate')
  }
  if (looksLikeAge(bytes)) return say('is encrypted with age as a whole', `age --decrypt -i IDENTITY ${name}`)
  const { entries, notes } = parseDotenv(bytes.length > MAX_DOTENV_BYTES ? new Uint8Array(0) : bytes)
  for (const { value } of entries) value.wipe()
  if (entries.length > 0 && !notes.some(({ kind }) => kind === 'skipped')) {
    return say('is a plain dotenv file', 'tvault import FILE, without --from')
  }
  return say('is in no format that is recognised', `--from ${IMPORTERS.map(({ format }) => format).join('|')}`)
}
