// The AWS credentials and config files: profiles in an INI format. The default profile gets the names that AWS programs
// look for in the environment; every other profile stands in front of its names.
import { trim } from '../formats/blanks.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { collect, keyFrom } from './collect.ts'
import type { Importer } from './importer.ts'
import { linesOf } from './lines.ts'

const SECTION = /^\[\s*(?:(profile|sso-session|services)\s+)?["']?(.*?)["']?\s*\]$/
/** Settings that both files have in every profile; one of them is enough to know the file. */
const KNOWN =
  /^(?:aws_access_key_id|aws_secret_access_key|aws_session_token|region|role_arn|source_profile|sso_[a-z_]+|credential_process)$/
const LOOKED_AT = 65_536

interface Line {
  line: number
  section?: RegExpExecArray
  name?: string
  value?: Uint8Array
  indented: boolean
  broken?: boolean
}

export const aws: Importer = {
  format: 'aws',
  about: 'the AWS credentials or config file (INI)',
  isClear: () => true,

  recognise({ bytes }) {
    let inSection = false
    for (const { section, name, broken } of iniLines(bytes.subarray(0, LOOKED_AT))) {
      if (section) inSection = true
      else if (inSection && !broken && KNOWN.test(name ?? '')) return true
      else if (!inSection) return false
    }
    return false
  },

  async read({ bytes, path }) {
    return collect((collector) => {
      let profile: string | undefined
      let kind = ''
      for (const { line, section, name, value, indented, broken } of iniLines(bytes)) {
        const where = `${path}:${line}`
        if (section) {
          kind = section[1] ?? ''
          profile = section[2] ?? ''
          if (kind === 'sso-session' || kind === 'services') {
            collector.leaveOut(`[${kind} ${profile}]`, where, 'it is no profile')
          }
        } else if (broken || profile === undefined) {
          throw new Failure('failed', `${printable(path)}: line ${line} is neither a section nor NAME = VALUE`)
        } else if (indented) collector.leaveOut(name!, where, 'a setting inside a setting')
        else if (kind === '' || kind === 'profile') {
          collector.take([nameOf(profile, name!)], value!, `[${profile}] ${name}`)
        }
      }
    })
  },
}

/** `AWS_ACCESS_KEY_ID`, `AWS_REGION`; `STAGING_AWS_ACCESS_KEY_ID` in the profile `staging`. */
function nameOf(profile: string, name: string): string {
  const key = /^aws_/i.test(name) ? name : `aws_${name}`
  return keyFrom(profile === 'default' ? [key] : [profile, key])
}

/** Lines that say something. A line that is neither section nor assignment is `broken`. */
function* iniLines(bytes: Uint8Array): Generator<Line> {
  for (const { line, bytes: raw } of linesOf(bytes)) {
    const { from, to } = trim(raw, 0, raw.length)
    const first = raw[from]
    if (from === to || first === 0x23 || first === 0x3b) continue
    const indented = from > 0
    if (first === 0x5b) {
      const section = SECTION.exec(new TextDecoder().decode(raw.subarray(from, to)))
      yield section ? { line, section, indented } : { line, indented, broken: true }
      continue
    }
    const equals = raw.indexOf(0x3d, from)
    if (equals <= from) {
      yield { line, indented, broken: true }
      continue
    }
    const nameEnd = trim(raw, from, equals).to
    const value = trim(raw, equals + 1, to)
    yield {
      line,
      name: new TextDecoder().decode(raw.subarray(from, nameEnd)),
      value: raw.slice(value.from, value.to),
      indented,
    }
  }
}
