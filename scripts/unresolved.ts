// What a bundle would still look for when it runs. A compiled Bun program resolves a leftover import, `require` or
// Worker from the CURRENT FOLDER, so one leftover is a way to run foreign code inside an unlocked vault.
import { isBuiltin } from 'node:module'

const BUILTIN = (specifier: string): boolean => isBuiltin(specifier) || /^bun(?::|$)/.test(specifier)

interface Output {
  path: string
  text(): Promise<string>
}

/** Every specifier in the JavaScript of `outputs` that is neither built in nor one of the outputs, as `file: kind specifier`. */
export async function unresolved(outputs: readonly Output[]): Promise<string[]> {
  const names = new Set(outputs.map((output) => baseName(output.path)))
  const inside = (specifier: string): boolean => /^\.{1,2}\//.test(specifier) && names.has(baseName(specifier))
  const found = new Set<string>()
  for (const output of outputs.filter((one) => one.path.endsWith('.js'))) {
    const text = await output.text()
    const report = (kind: string, specifier: string): void => {
      if (!BUILTIN(specifier) && !inside(specifier)) found.add(`${baseName(output.path)}: ${kind} ${specifier}`)
    }
    for (const { kind, path } of new Bun.Transpiler({ loader: 'js' }).scanImports(text)) report(kind, path)
    for (const match of text.matchAll(/\b(?:__)?require(?:\.resolve)?\(([^)]{0,80})/g))
      report('require', literal(match[1] ?? ''))
    for (const match of text.matchAll(/\bimport\(([^)]{0,80})/g)) report('import()', literal(match[1] ?? ''))
    // A Worker from memory is found nowhere else.
    for (const match of text.matchAll(/\bnew Worker\((?!URL\.createObjectURL\()([^)]{0,80})/g))
      report('new Worker', literal(match[1] ?? ''))
  }
  return [...found]
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The text of a string literal, or the expression itself, which is never resolved. */
function literal(expression: string): string {
  return /^\s*(["'`])([^"'`$]*)\1\s*(?:,.*)?$/.exec(expression)?.[2] ?? expression
}
