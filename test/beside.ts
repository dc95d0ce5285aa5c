// A test that mostly waits, for a limit of the product that is not to be shorter: it begins with the first test of its
// block and is looked at in its turn, so that the others run meanwhile.
import { beforeAll, test } from 'bun:test'

export function beside(name: string, act: () => Promise<void>, milliseconds: number): void {
  let done: Promise<void> | undefined
  beforeAll(() => {
    done = act()
    // It fails where it is looked at.
    done.catch(() => undefined)
  })
  test(name, () => done, milliseconds)
}
