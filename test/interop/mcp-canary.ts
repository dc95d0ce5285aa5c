// Values that must not come out, in the forms in which they could, and where they are looked for.
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The forms of a value: as it is, and as a program or a person would write it down. Lower case for the search. */
export function formsOf(value: string): Map<string, string> {
  const bytes = Buffer.from(value)
  const forms = new Map<string, string>()
  const add = (form: string, text: string): void => void (text.length >= 8 && forms.set(form, text.toLowerCase()))
  add('raw', value)
  add('reversed', Array.from(value).reverse().join(''))
  add('hex', bytes.toString('hex'))
  add('percent', encodeURIComponent(value))
  add('percent all', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
  add('JSON', JSON.stringify(value).slice(1, -1))
  add('JSON twice', JSON.stringify(JSON.stringify(value)).slice(3, -3))
  add('UTF-16', Buffer.from(value, 'utf16le').toString('latin1'))
  add('spaced', Array.from(value).join(' '))
  for (const shift of [0, 1, 2]) {
    // The middle that does not depend on what stands before and behind it.
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    const cut = shifted.replace(/=+$/, '').slice(shift === 0 ? 0 : shift + 1, -2)
    add(`base64 ${shift}`, cut)
    add(`base64url ${shift}`, cut.replaceAll('+', '-').replaceAll('/', '_'))
  }
  // The first and last line of a key in PEM are the same for everybody.
  for (const [index, line] of value.split('\n').entries()) if (!line.startsWith('-----')) add(`line ${index}`, line)
  return forms
}

export interface Hit {
  canary: string
  form: string
  place: string
}

/** Every form of every canary in `found`; whatever is not text is looked at byte by byte. */
export function hitsIn(canaries: Readonly<Record<string, string>>, place: string, found: Uint8Array | string): Hit[] {
  const text = (typeof found === 'string' ? found : Buffer.from(found).toString('latin1')).toLowerCase()
  return Object.entries(canaries).flatMap(([canary, value]) =>
    [...formsOf(value)].flatMap(([form, words]) => (text.includes(words) ? [{ canary, form, place }] : [])),
  )
}

/** How many forms are looked for. */
export function countForms(canaries: Readonly<Record<string, string>>): number {
  return Object.values(canaries).reduce((sum, value) => sum + formsOf(value).size, 0)
}

/** Every regular file below `folder` but those in `known`. */
export function filesBelow(folder: string, known: ReadonlySet<string>): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => !known.has(path) && lstatSync(path).isFile())
}

export function hitsInFiles(canaries: Readonly<Record<string, string>>, paths: readonly string[]): Hit[] {
  return paths.flatMap((path) => hitsIn(canaries, path, readFileSync(path)))
}
