// The grammar of references beside what TinyVault 0.23 does with the same text.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { holdsReference, referencesIn, replaceReferences } from '../../src/formats/reference.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { shown } from './values.ts'

const secret = (words: string): Secret => Secret.fromText(words)

/** What comes out when every reference is answered by its project and key in brackets. */
function replaced(words: string): string {
  const value = secret(words)
  const references = referencesIn(value, '.env:1 A')
  return shown(replaceReferences(value, references, ({ project, key }) => secret(`[${project ?? ''}:${key}]`)))
}

describe('references', () => {
  test.each([
    ['${tvault://KEY}', '[:KEY]'],
    ['${tvault://current/KEY}', '[:KEY]'],
    ['${tvault:///KEY}', '[:KEY]'],
    ['${tvault://web/KEY}', '[web:KEY]'],
    // W54: a project whose name holds a slash.
    ['${tvault://team/web/KEY}', '[team/web:KEY]'],
    ['${tvault://A}-${tvault://web/B}!', '[:A]-[web:B]!'],
    ['tvault://web/KEY', 'tvault://web/KEY'],
    ['$${tvault://A}', '$[:A]'],
    ['${x}${tvault://A}', '${x}[:A]'],
    ['${a${tvault://A}}', '${a${tvault://A}}'],
    ['${tvault://A', '${tvault://A'],
    ['${ tvault://A}', '${ tvault://A}'],
    ['${TVAULT://A}', '${TVAULT://A}'],
    ['${tvault:/A}', '${tvault:/A}'],
    ['${}', '${}'],
    ['', ''],
    ['${tvault://sa-me}', '[:sa-me]'],
    ['é${tvault://A}🔑', 'é[:A]🔑'],
  ])('%p becomes %p', (words, expected) => {
    expect(replaced(words)).toBe(expected)
  })

  test.each([
    ['${tvault://}', 'empty or contains whitespace'],
    ['${tvault://a b}', 'empty or contains whitespace'],
    ['${tvault://a\nb}', 'empty or contains whitespace'],
    ['${tvault://a/}', 'missing key segment after project'],
  ])('%p is refused', (words, reason) => {
    try {
      referencesIn(secret(words), '.env:7 A')
      throw new Error('nothing was thrown')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      expect([error.kind, error.message]).toEqual([
        'failed',
        `.env:7 A: invalid tvault reference "${words.slice(2, -1).replace('\n', '\\u{a}')}": ${reason}`,
      ])
    }
  })

  test('bytes around a reference stay as they are, and what was put in is not looked at again', () => {
    const value = new Secret(Uint8Array.from([0xff, 0, ...Buffer.from('${tvault://A}'), 0xfe]))
    const out = replaceReferences(value, referencesIn(value, ''), () => secret('${tvault://B}'))
    expect([...out.reveal()]).toEqual([0xff, 0, ...Buffer.from('${tvault://B}'), 0xfe])
    expect(() => referencesIn(new Secret(Uint8Array.from([...Buffer.from('${tvault://'), 0xff, 0x7d])), '')).toThrow(
      'UTF-8',
    )
  })

  test('of any pieces, exactly the references go, and a value without one comes back the same', () => {
    const piece = fc.constantFrom('$', '{', '}', '${', 'tvault://', '${tvault://', 'A', 'web/', '/', ' ', '\n', 'x')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const words = pieces.join('')
        const value = secret(words)
        expect(holdsReference(value)).toBe(/\$\{tvault:\/\/[^}]*\}/.test(withoutOthers(words)))
        if (!holdsReference(value)) expect(replaced(words)).toBe(words)
      }),
      { numRuns: 3000 },
    )
  })

  test('many openings take linear time', () => {
    const value = secret('${tvault://'.repeat(100_000))
    const before = performance.now()
    expect(holdsReference(value)).toBe(false)
    expect(holdsReference(secret(`${'${x'.repeat(300_000)}}`))).toBe(false)
    expect(performance.now() - before).toBeLessThan(2000)
  })
})

/** The text with every `${…}` taken out that is no reference, from the left, as one pass sees it. */
function withoutOthers(words: string): string {
  return words.replace(/\$\{[^}]*\}/g, (found) => (found.startsWith('${tvault://') ? found : ''))
}
