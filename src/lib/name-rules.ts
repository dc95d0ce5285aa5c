// How name patterns in policies are read: what denies reaches further than what allows (attack A9).
import type { PatternOptions } from './pattern.ts'

/** Patterns that allow projects. */
export const PROJECTS: PatternOptions = { ignoreCase: false, deep: false }
/** Patterns that allow keys. */
export const KEYS: PatternOptions = { ignoreCase: true, deep: false }
/** All that deny, or that have the owner asked. */
export const DENYING: PatternOptions = { ignoreCase: true, deep: true }
