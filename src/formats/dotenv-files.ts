// Which files count as dotenv files, and in which order they are read. Templates such as `.env.example` are not
// among them: their values are not meant to be real.

/** The largest dotenv file that is read, in bytes. */
export const MAX_DOTENV_BYTES = 1_048_576

const NAME = /^\.env(\.[^./]+)?(\.local)?$/
const TEMPLATES = new Set(['example', 'sample', 'template', 'dist'])

/** Whether a file name (the last part of a path) is `.env`, `.env.local`, `.env.X` or `.env.X.local`, and no template. */
export function isDotenvName(name: string): boolean {
  return NAME.test(name) && !isTemplateName(name)
}

/** Whether a part of the last name of `path` says that its values are not meant to be real. */
export function isTemplateName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.split('.').some((part) => TEMPLATES.has(part))
}

/** The files read by default, later ones win: `.env`, `.env.<environment>`, `.env.local`, `.env.<environment>.local`. */
export function dotenvChain(environment?: string): string[] {
  if (environment === undefined) return ['.env', '.env.local']
  return ['.env', `.env.${environment}`, '.env.local', `.env.${environment}.local`]
}
