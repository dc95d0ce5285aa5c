// Which names the vault takes. Stricter than the peer where its freedom did harm (control characters in
// project names were printed raw), the same everywhere else.
import { Failure } from './errors.ts'

const KEY = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/
const IDENTITY = /^[A-Za-z0-9_-]{1,64}$/
// C0, C1, DEL, and the Unicode line, direction and zero-width controls that can forge what a terminal shows.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u

const CONTROLS = new RegExp(CONTROL.source, 'gu')

export const MAX_PROJECT_BYTES = 100
export const MAX_DESCRIPTION_BYTES = 500

/** Whether `key` can name a secret: a letter or underscore, then letters, digits, underscores; 255 bytes at most. */
export function isKey(key: string): boolean {
  return KEY.test(key)
}

/** `key`, or a usage failure that shows the rule. */
export function checkKey(key: string): string {
  if (isKey(key)) return key
  throw new Failure('usage', `invalid secret key: ${printable(key)}`, {
    hint: 'a key is a letter or _, then letters, digits and _, at most 255 characters',
  })
}

/** `name`, or a usage failure: 1–100 bytes, no surrounding blanks, no control characters. */
export function checkProjectName(name: string): string {
  const size = Buffer.byteLength(name)
  if (size >= 1 && size <= MAX_PROJECT_BYTES && name.trim() === name && !CONTROL.test(name)) return name
  throw new Failure('usage', `invalid project name: ${printable(name)}`, {
    hint: 'a project name has 1 to 100 bytes, no control characters and no blanks at its ends',
  })
}

/** Whether `name` can name an identity: 1 to 64 letters, digits, `-` and `_`; it is the name of a file. */
export function isIdentityName(name: string): boolean {
  return IDENTITY.test(name)
}

/** `name`, or a usage failure that shows the rule. */
export function checkIdentityName(name: string): string {
  if (isIdentityName(name)) return name
  throw new Failure('usage', `invalid identity name: ${printable(name)}`, {
    hint: 'an identity name has 1 to 64 letters, digits, - and _',
  })
}

/** `description`, or a usage failure: 500 bytes at most, no control characters. */
export function checkDescription(description: string): string {
  if (Buffer.byteLength(description) <= MAX_DESCRIPTION_BYTES && !CONTROL.test(description)) return description
  throw new Failure('usage', 'invalid description', { hint: 'at most 500 bytes, no control characters' })
}

/** Whether `label` can stand beside a recipient: 100 bytes at most, also none, no surrounding blanks, no control characters. */
export function isLabel(label: string): boolean {
  return Buffer.byteLength(label) <= MAX_PROJECT_BYTES && label.trim() === label && !CONTROL.test(label)
}

/** `label`, or a usage failure that shows the rule. */
export function checkLabel(label: string): string {
  if (isLabel(label)) return label
  throw new Failure('usage', `invalid label: ${printable(label)}`, {
    hint: 'a label has at most 100 bytes, no control characters and no blanks at its ends',
  })
}

/** Whether `name` can name an environment group or an environment of one: a label that is not empty. */
export function isGroupName(name: string): boolean {
  return name !== '' && isLabel(name)
}

/** `name`, or a usage failure that shows the rule. `what` is `group` or `environment`. */
export function checkGroupName(what: 'group' | 'environment', name: string): string {
  if (isGroupName(name)) return name
  throw new Failure('usage', `invalid ${what} name: ${printable(name)}`, {
    hint: `a name of ${what === 'group' ? 'a group' : 'an environment'} has 1 to 100 bytes, no control characters and no blanks at its ends`,
  })
}

/** `name` made safe for a terminal: control characters as escapes, 80 characters at most. */
export function printable(name: string): string {
  return escaped(name.length > 80 ? `${name.slice(0, 79)}…` : name)
}

/** `name` with `by` for each control character. */
export function withoutControls(name: string, by: string): string {
  return name.replace(CONTROLS, by)
}

/** `name` with its control characters as escapes, in full length. */
export function escaped(name: string): string {
  return name.replace(CONTROLS, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}
