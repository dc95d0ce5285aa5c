// What the build needs to know of executables: where their constants are (ELF, Mach-O, PE), and what of an ELF library
// is there for debuggers only. Everything else stays as it was made.

export interface Section {
  offset: number
  size: number
}

/**
 * The sections with constant strings of a 64-bit executable: `.rodata` of ELF, `__TEXT,__cstring` and `__TEXT,__const`
 * of Mach-O, `.rdata` of PE. Throws when it is none of these or has no such section.
 */
export function constantSections(program: Buffer): Section[] {
  const found = isElf(program)
    ? elfSections(program, '.rodata')
    : program.readUInt32LE(0) === 0xfeedfacf
      ? machSections(program, ['__cstring', '__const'])
      : program.readUInt16LE(0) === 0x5a4d
        ? peSections(program, '.rdata')
        : undefined
  if (found === undefined) throw new Error('the runtime is no 64-bit executable for Linux, macOS or Windows')
  if (found.length === 0) throw new Error('the runtime has no section of constants')
  return found
}

function isElf(bytes: Buffer): boolean {
  return bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1
}

function elfSections(elf: Buffer, wanted: string): Section[] {
  const table = Number(elf.readBigUInt64LE(0x28))
  const entrySize = elf.readUInt16LE(0x3a)
  const header = (index: number): Section & { name: number } => ({
    name: elf.readUInt32LE(table + index * entrySize),
    offset: Number(elf.readBigUInt64LE(table + index * entrySize + 0x18)),
    size: Number(elf.readBigUInt64LE(table + index * entrySize + 0x20)),
  })
  const names = header(elf.readUInt16LE(0x3e)).offset
  const all = Array.from({ length: elf.readUInt16LE(0x3c) }, (_, index) => header(index))
  return all.filter(({ name }) => elf.toString('latin1', names + name, elf.indexOf(0, names + name)) === wanted)
}

/** Of `__TEXT` only, which is never written. */
function machSections(mach: Buffer, wanted: readonly string[]): Section[] {
  const found: Section[] = []
  const word = (at: number): string => mach.toString('latin1', at, at + 16).replace(/\0+$/, '')
  let at = 32
  for (let count = mach.readUInt32LE(16); count > 0; count--, at += mach.readUInt32LE(at + 4)) {
    const LC_SEGMENT_64 = 0x19
    if (mach.readUInt32LE(at) !== LC_SEGMENT_64 || word(at + 8) !== '__TEXT') continue
    for (let index = 0; index < mach.readUInt32LE(at + 64); index++) {
      const section = at + 72 + index * 80
      if (!wanted.includes(word(section))) continue
      found.push({ offset: mach.readUInt32LE(section + 48), size: Number(mach.readBigUInt64LE(section + 40)) })
    }
  }
  return found
}

function peSections(pe: Buffer, wanted: string): Section[] {
  const header = pe.readUInt32LE(0x3c)
  const first = header + 24 + pe.readUInt16LE(header + 20)
  const all = Array.from({ length: pe.readUInt16LE(header + 6) }, (_, index) => first + index * 40)
  return all
    .filter((at) => pe.toString('latin1', at, at + 8).replace(/\0+$/, '') === wanted)
    .map((at) => ({ offset: pe.readUInt32LE(at + 20), size: pe.readUInt32LE(at + 16) }))
}

/**
 * An ELF library without what only debuggers and linkers read: everything behind the last loaded byte, and the table of
 * sections. The same on every machine, whatever binutils it has. Other formats come back as they are.
 */
export function withoutDebugging(library: Buffer): Buffer {
  if (!isElf(library)) return library
  const table = Number(library.readBigUInt64LE(0x20))
  const entrySize = library.readUInt16LE(0x36)
  let end = 0
  for (let index = 0; index < library.readUInt16LE(0x38); index++) {
    const at = table + index * entrySize
    end = Math.max(end, Number(library.readBigUInt64LE(at + 0x08) + library.readBigUInt64LE(at + 0x20)))
  }
  const kept = Buffer.from(library.subarray(0, end))
  kept.writeBigUInt64LE(0n, 0x28)
  kept.writeUInt16LE(0, 0x3c)
  kept.writeUInt16LE(0, 0x3e)
  return kept
}
