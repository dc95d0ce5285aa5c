// How the other native files reach the C library that is loaded already: by its exact name, since a name the loader
// does not find would be tried in the current folder. Importing this file costs nothing; the first call of a function
// loads bun:ffi (0.2 ms).
import type { FFIFunction, Library } from 'bun:ffi'

type Ffi = typeof import('bun:ffi')
type Symbols = Record<string, FFIFunction>

/** The C library. */
export const LIBC = 'libc.so.6'
const ERRNO = { __errno_location: { args: [], returns: 'ptr' } } as const

export interface Native<Fns extends Symbols> {
  readonly ffi: Ffi
  readonly c: Library<Fns>['symbols']
}

/** What gives the functions `symbols` of the C library, which are looked up when it is called for the first time. */
export function nativeLibrary<Fns extends Symbols>(symbols: Fns): () => Native<Fns> {
  let loaded: Native<Fns> | undefined
  return () => (loaded ??= load(symbols))
}

/** Numbers that errno has on Linux. */
export const EINTR = 4
export const EAGAIN = 11
export const EACCES = 13

/** Where errno is, known before any function can be called: looking it up afterwards would change it. */
let errnoOfLibrary: (() => number) | undefined

/** errno as the last call of a function left it; to be asked before another one is called. */
export function errno(): number {
  return errnoOfLibrary?.() ?? 0
}

function load<Fns extends Symbols>(symbols: Fns): Native<Fns> {
  const ffi: Ffi = require('bun:ffi')
  if (errnoOfLibrary === undefined) {
    const { __errno_location: location } = ffi.dlopen(LIBC, ERRNO).symbols
    errnoOfLibrary = () => {
      const address = location()
      return address === null ? 0 : ffi.read.i32(address)
    }
  }
  return { ffi, c: ffi.dlopen(LIBC, symbols).symbols }
}
