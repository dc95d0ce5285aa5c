// The plain shape of a command that every face (help, completion, man page, Markdown, manifest) reads.
// It is data: `tvault docs commands --json` prints it as it is.
import type { Effect } from '../lib/gate.ts'

export interface FieldDescription {
  name: string
  kind: 'text' | 'list' | 'rest' | 'secret' | 'flag' | 'count' | 'choice' | 'moment'
  about: string
  at?: number
  short?: string
  placeholder?: string
  required: boolean
  choices?: readonly string[]
  complete?: 'key' | 'project' | 'file' | 'directory'
  fallback?: string
}

export interface Description {
  path: string
  aliases: readonly string[]
  about: string
  detail?: string
  effect: Effect
  fields: readonly FieldDescription[]
  examples: readonly { words: string; about: string }[]
}
