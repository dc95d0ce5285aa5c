// What goes with the program into an archive: manual page and completions, made from the descriptions of the commands
// like everything else that is said about them.
import { listed } from '../../src/commands/describe.ts'
import { commands } from '../../src/commands/index.ts'
import { completion } from '../../src/faces/completion.ts'
import { man } from '../../src/faces/man.ts'
import { utf8 } from '../../src/lib/bytes.ts'

/** Where they lie below a prefix such as /usr/local. */
const PLACES = {
  bash: 'share/bash-completion/completions/tvault',
  zsh: 'share/zsh/site-functions/_tvault',
  fish: 'share/fish/vendor_completions.d/tvault.fish',
} as const

export interface Companion {
  name: string
  bytes: Uint8Array
}

/** Manual page and completions of this version, by their places. */
export function companions(version: string): Companion[] {
  const descriptions = listed(commands)
  return [
    { name: 'share/man/man1/tvault.1', bytes: utf8(man(descriptions, version)) },
    ...(['bash', 'zsh', 'fish'] as const).map((shell) => ({
      name: PLACES[shell],
      bytes: utf8(completion(shell, descriptions)),
    })),
  ]
}
