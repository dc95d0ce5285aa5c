// The printers for JSON, YAML, Kubernetes, Pulumi and the shell, read back by parsers that are not ours.
import { describe, expect, test } from 'bun:test'
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { printJson } from '../../src/formats/json.ts'
import { printKubernetes } from '../../src/formats/k8s-secret.ts'
import { FORMATS } from '../../src/formats/print.ts'
import { printPulumi } from '../../src/formats/pulumi.ts'
import { printShell } from '../../src/formats/shell.ts'
import { Writer } from '../../src/formats/writer.ts'
import { printYaml } from '../../src/formats/yaml.ts'
import { failure } from '../failure.ts'
import { anyKey, anyValue, printables, shellValue, shown } from './values.ts'

const anyEntries = fc.dictionary(anyKey, anyValue, { maxKeys: 5, noNullPrototype: true })
const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64')

/** Runs a program on `input` and gives its output, or undefined when the program is not here. */
function through(command: string[], input: Uint8Array): string | undefined {
  if (Bun.which(command[0]!) === null) return undefined
  const child = Bun.spawnSync(command, { stdin: input })
  return child.exitCode === 0 ? child.stdout.toString() : undefined
}

/** The type that a plain scalar has by the tags of YAML 1.1 (yaml.org/type), or `syntax` when it may not stand plain. */
function typeOf11(word: string): string {
  const types: [string, RegExp][] = [
    ['bool', /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
    ['null', /^(?:~|null|Null|NULL|)$/],
    ['int', /^[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/],
    [
      'float',
      /^[-+]?(?:[0-9][0-9_]*)?\.[0-9._]*(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9]+(?:[eE][-+]?[0-9]+)$|^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
    ],
    ['timestamp', /^\d{4}-\d\d?-\d\d?/],
    ['merge', /^<<$/],
    ['value', /^=$/],
    ['syntax', /^[-?:,[\]{}#&*!|>'"%@`]|: |:$| #|[\n\r\t]|^ | $/],
  ]
  return types.find(([, rule]) => rule.test(word))?.[0] ?? 'str'
}

describe('json', () => {
  test('W31: any JSON parser reads the values back; what is not UTF-8 comes as base64', () => {
    fc.assert(
      fc.property(anyEntries, (values) => {
        const read: unknown = JSON.parse(shown(printJson(printables(values))))
        const expected = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [
            key,
            isUtf8(value) ? Buffer.from(value).toString() : { encoding: 'base64', value_base64: base64(value) },
          ]),
        )
        expect(read).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })
  test('W31: no entries are an empty object', () => expect(shown(printJson([]))).toBe('{}\n'))
  test('the layout', () => {
    expect(shown(printJson(printables({ A: '<b> & "c"', B: 'é\u0001\n' })))).toBe(
      '{\n  "A": "<b> & \\"c\\"",\n  "B": "é\\u0001\\n"\n}\n',
    )
  })
})

describe('yaml', () => {
  const words =
    'y Y yes No NO on Off true FALSE null Null ~ NULL .inf .nan 0x1F 1:30 1e3 0o7 012 1_000 = << - ? 2026-11-24 n N'.split(
      ' ',
    )

  test('W30: words that YAML gives a type to stay text, as values and as keys', () => {
    const values = Object.fromEntries(words.map((word, i) => [`K${i}`, word]))
    expect(Bun.YAML.parse(shown(printYaml(printables(values))))).toEqual(values)
    expect(Bun.YAML.parse(shown(printYaml(printables({ NO: 'a', y: 'b', NULL: 'c' }))))).toEqual({
      NO: 'a',
      y: 'b',
      NULL: 'c',
    })
  })
  test('W30: Bun reads every text back', () => {
    const text = fc.dictionary(
      anyKey,
      anyValue.filter((value) => isUtf8(value)),
      { minKeys: 1, maxKeys: 5, noNullPrototype: true },
    )
    fc.assert(
      fc.property(text, (values) => {
        const expected = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString()]),
        )
        expect(Bun.YAML.parse(shown(printYaml(printables(values))))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
  test('W30: nothing that stands bare has another type by the rules of YAML 1.1', () => {
    const words11 = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_.:+~=<>!&*?|%@,-]{0,8}$/),
      fc.constantFrom(...words),
      anyValue.map((value) => Buffer.from(value).toString()),
    )
    fc.assert(
      fc.property(words11, (word) => {
        const bare = /^K: (?!")(?!!!binary)(.*)$/s.exec(shown(printYaml(printables({ K: word }))).slice(0, -1))?.[1]
        if (bare !== undefined) expect([bare, typeOf11(bare)]).toEqual([word, 'str'])
      }),
      { numRuns: 5000 },
    )
    expect(['yes', '0x1F', '1:30', '.inf', '~', '2026-11-24', '<<', '=', '1_000', '0b1', 'x'].map(typeOf11)).toEqual([
      'bool',
      'int',
      'int',
      'float',
      'null',
      'timestamp',
      'merge',
      'value',
      'int',
      'int',
      'str',
    ])
  })
  test('W30: PyYAML (YAML 1.1) reads the same bytes, binary values included', () => {
    const program = `
import sys, yaml, json, base64
def plain(v): return base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode()
print(json.dumps([{k: plain(v) for k, v in (yaml.safe_load(d) or {}).items()} for d in sys.stdin.buffer.read().split(b'\\x00')]))`
    if (through(['python3', '-c', 'import yaml'], new Uint8Array()) === undefined)
      return console.log('\n!!! PyYAML is not installed: YAML was NOT TESTED with a reader of YAML 1.1\n')
    const samples = fc.sample(anyEntries, 400)
    samples.push(Object.fromEntries(words.map((word, i) => [`K${i}`, Buffer.from(word)])), {
      NO: Buffer.from('no'),
      y: Buffer.from('y'),
    })
    const texts = samples.map((values) => shown(printYaml(printables(values))))
    const read: unknown = JSON.parse(through(['python3', '-c', program], Buffer.from(texts.join('\0'))) ?? 'null')
    expect(read).toEqual(
      samples.map((values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)]))),
    )
  })
})

describe('k8s-secret', () => {
  test('the manifest', () => {
    const manifest = shown(
      printKubernetes(printables({ A: '3', NO: '', Z: new Uint8Array([255]) }), { name: 'app.x', namespace: '42' }),
    )
    expect(Bun.YAML.parse(manifest)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'app.x', namespace: '42' },
      type: 'Opaque',
      data: { A: 'Mw==', NO: '', Z: '/w==' },
    })
  })
  test('names that would break the manifest are refused', () => {
    for (const name of ['a\nb: c', 'A', '-a', 'a_b', '', 'a'.repeat(254)]) {
      expect(failure(() => printKubernetes([], { name, namespace: 'default' })).kind).toBe('usage')
    }
    expect(failure(() => printKubernetes([], { name: 'a', namespace: 'a.b' })).kind).toBe('usage')
    expect(failure(() => printKubernetes([], { name: undefined, namespace: 'default' })).message).toBe(
      '--name is required for k8s-secret format',
    )
  })
})

describe('pulumi-config', () => {
  test('the lines', () => {
    const entries = printables({ A: '', B: 'v', C: '-n', D: "it's" })
    expect(shown(printPulumi(entries, { stack: 'my stack' }))).toBe(
      [
        "pulumi config set --secret --stack 'my stack' A ''",
        "pulumi config set --secret --stack 'my stack' B v",
        "pulumi config set --secret --stack 'my stack' -- C -n",
        `pulumi config set --secret --stack 'my stack' D 'it'"'"'s'`,
        '',
      ].join('\n'),
    )
  })
  test('a shell hands pulumi exactly the value', () => {
    fc.assert(
      fc.property(shellValue, (value) => {
        const line = printPulumi(printables({ K: value }), { stack: undefined }).reveal()
        const script = Buffer.concat([Buffer.from(`pulumi() { for word; do :; done; printf %s "$word"; }\n`), line])
        expect([...Bun.spawnSync(['sh'], { stdin: script }).stdout]).toEqual([...value])
      }),
      { numRuns: 60 },
    )
  })
})

describe('shell', () => {
  test('a NUL byte is refused and the key is named, not the value', () => {
    const told = failure(() => printShell(printables({ BIN: 'sec\0ret' }), { exported: true }))
    expect(told.message).toBe('the value of BIN holds a NUL byte, which a shell cannot hold')
    expect(JSON.stringify(told)).not.toContain('ret"')
  })
  test('the lines', () => {
    expect(shown(printShell(printables({ A: 'x', B: '', C: "a'b" }), { exported: true }))).toBe(
      `export A=x\nexport B=\nexport C='a'"'"'b'\n`,
    )
    expect(shown(printShell(printables({ A: 'x;y' }), { exported: false }))).toBe(`A='x;y'\n`)
  })
})

test('every format prints something for one entry and leaves the entry as it was', () => {
  for (const print of Object.values(FORMATS)) {
    const entries = printables({ A: 'value' })
    expect(print(entries, { exported: true, name: 'n', namespace: 'default', stack: undefined }).size).toBeGreaterThan(
      0,
    )
    expect(shown(entries[0]!.value)).toBe('value')
  }
})

test('a writer keeps order over many growths and is empty afterwards', () => {
  const writer = new Writer()
  for (let i = 0; i < 10_000; i++) writer.text(`${i},`)
  expect(shown(writer.finish())).toBe(Array.from({ length: 10_000 }, (_, i) => `${i},`).join(''))
  expect(writer.finish().size).toBe(0)
})
