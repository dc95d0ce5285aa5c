// When the keys of the agent go away: by the clocks, by sleep, by a rotation elsewhere; and what happens to the ones in
// the middle of something. The vault is a real one on disk, other processes are other environments on it.
import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { flock } from '../../src/lib/native.ts'
import { Secret } from '../../src/lib/secret.ts'
import { PASSPHRASE, agentRoom, closeRooms, opened } from '../modes/agent/agent-room.ts'
import type { AgentRoom } from '../modes/agent/agent-room.ts'

afterAll(closeRooms)

async function until(is: () => boolean, milliseconds = 3000): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!is()) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await Bun.sleep(2)
  }
}

const events = (room: AgentRoom): string[] => {
  const heard: string[] = []
  room.broker.subscribe(({ event, reason }) => heard.push(`${event} ${reason}`))
  return heard
}

describe('clocks', () => {
  test('idle: locked and ended after that time without a request', async () => {
    const room = await agentRoom({ idle: 500 })
    const heard = events(room)
    await until(() => room.stopped.length > 0)
    expect(room.stopped).toEqual(['idle'])
    expect(heard).toEqual(['stopping idle', 'locked idle'])
    expect(room.broker.unlocked).toBeFalse()
  })

  test('idle 0: never', async () => {
    const room = await agentRoom({ idle: 0 })
    await Bun.sleep(60)
    expect(room.stopped).toEqual([])
    expect((await (await room.talk({})).control('status')) as object).toMatchObject({ idle_remaining_seconds: 0 })
  })

  test('a request begins the time anew, asking how it is does not', async () => {
    const room = await agentRoom({ idle: 10_000 })
    const left = async (): Promise<number> =>
      ((await (await room.talk({})).control('status')) as { idle_remaining_seconds: number }).idle_remaining_seconds
    await Bun.sleep(1100)
    expect(await left()).toBeLessThanOrEqual(9)
    expect(await left()).toBeLessThanOrEqual(9)
    await (await room.talk({})).call('currentProject')
    expect(await left()).toBe(10)
  })

  test('a request that comes too late does not save it, also before the timer has looked', async () => {
    const room = await agentRoom({ idle: 300 })
    const talk = await room.talk({})
    // As when the machine slept: the timer has not run.
    const begin = performance.now()
    while (performance.now() - begin < 400) Bun.sleepSync(20)
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    expect(room.stopped).toEqual(['idle'])
  })

  test('limit: locked that long after unlocking, used or not; the agent stays', async () => {
    const room = await agentRoom({ limit: 80 })
    const heard = events(room)
    const talk = await room.talk({})
    while (room.broker.unlocked) {
      await talk.call('currentProject')
      await Bun.sleep(5)
    }
    expect(heard).toEqual(['locked limit'])
    expect(room.stopped).toEqual([])
    await room.broker.unlock(Secret.fromText(PASSPHRASE))
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('value of K')
  })

  test('an agent that clients cannot find any more ends', async () => {
    // The limit only makes it look at its clocks soon.
    let reachable = true
    const room = await agentRoom({ limit: 40, reachable: () => reachable })
    await until(() => !room.broker.unlocked)
    expect(room.stopped).toEqual([])
    await room.broker.unlock(Secret.fromText(PASSPHRASE))
    reachable = false
    await until(() => room.stopped.length > 0)
    expect(room.stopped).toEqual(['gone'])
    expect(room.broker.unlocked).toBeFalse()
  })

  test('sleep: locked before anything else is served', async () => {
    let slept = 0
    const room = await agentRoom({ slept: () => slept })
    const talk = await room.talk({})
    slept += 29_000
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('value of K')
    slept += 31_000
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    await room.broker.unlock(Secret.fromText(PASSPHRASE))
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('value of K')
  })

  test('a wall clock that jumped ahead: the same', async () => {
    const room = await agentRoom()
    const talk = await room.talk({})
    const real = Date.now
    try {
      Date.now = () => real() + 40_000
      expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    } finally {
      Date.now = real
    }
  })

  test('the kernel can be asked how long the machine slept', async () => {
    const { sleptMilliseconds } = await import('../../src/lib/native.ts')
    const first = sleptMilliseconds()
    expect(first).toBeGreaterThanOrEqual(0)
    expect(Math.abs(sleptMilliseconds() - first)).toBeLessThan(1000)
  })
})

describe('another process', () => {
  test('that changes the passphrase takes the key away here; the new one gives it back', async () => {
    const room = await agentRoom()
    const heard = events(room)
    const talk = await room.talk({})
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('value of K')
    await room.elsewhere((view) => view.rotate(Secret.fromText('another one')))
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    expect(heard).toEqual(['locked rotated'])
    await expect(room.broker.unlock(Secret.fromText(PASSPHRASE))).rejects.toThrow('does not open')
    await room.broker.unlock(Secret.fromText('another one'))
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('value of K')
  })

  test('that deletes or writes is seen by the next request of an old conversation', async () => {
    const room = await agentRoom()
    const talk = await room.talk({})
    expect(await talk.call('list', 'default')).toHaveLength(3)
    await room.elsewhere((view) => view.delete('default', ['DB_URL']))
    expect(await talk.call('list', 'default')).toHaveLength(2)
    expect(await talk.call('read', 'default', 'DB_URL')).toMatchObject({ failed: 'not_found' })
    await room.elsewhere((view) => view.write('default', 'K', Secret.fromText('newer')))
    expect(opened(await talk.call('read', 'default', 'K'))).toBe('newer')
    // And what is written here goes into the file that is there now.
    const writer = await room.talk({ command: 'set', effect: 'write' })
    await room.elsewhere((view) => view.delete('default', ['DB_USER']))
    expect(await writer.call('write', 'default', 'MORE', Secret.fromText('x'))).toMatchObject({ change: 'created' })
    await room.elsewhere((view) => expect(view.list('default').map(({ key }) => key)).toEqual(['K', 'MORE']))
  })

  test('that writes for long is waited for, and the event loop goes on', async () => {
    const room = await agentRoom()
    const fd = openSync(room.directory, 'r')
    expect(flock(fd, 'exclusive', false)).toBeTrue()
    const talk = await room.talk({})
    const reading = talk.request({ op: 'call', method: 'read' }, ['default', 'K'])
    let turns = 0
    const timer = setInterval(() => (turns += 1), 5)
    await Bun.sleep(700)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(20)
    // Others are answered meanwhile, and who waits hears that somebody works on it.
    expect(await (await room.talk({})).call('list', 'web')).toHaveLength(2)
    expect(talk.heard().map(({ head }) => [head['id'], head['waiting']])).toContainEqual([reading, true])
    closeSync(fd)
    expect(opened(await talk.answer(reading))).toBe('value of K')
  })

  test('that never ends is busy after the deadline, and nothing was done', async () => {
    const room = await agentRoom({ lockMilliseconds: 60 })
    const fd = openSync(room.directory, 'r')
    flock(fd, 'exclusive', false)
    const talk = await room.talk({ command: 'set', effect: 'write' })
    expect(await talk.call('write', 'default', 'NEW', Secret.fromText('x'))).toMatchObject({ failed: 'busy' })
    expect(await talk.call('delete', 'default', ['K'])).toMatchObject({ failed: 'busy' })
    closeSync(fd)
    expect(await talk.call('list', 'default')).toHaveLength(3)
  })
})

describe('locking in the middle of something', () => {
  test('what replaces the file is finished; to everybody else it is locked already; then the keys are gone', async () => {
    const room = await agentRoom()
    const heard = events(room)
    const { promise, resolve } = Promise.withResolvers<void>()
    const log: string[] = []
    const nothing = (): void => undefined
    const reader = await room.talk({})
    const done = (): void => void log.push('done')
    room.broker.perform({ manner: 'alone', run: () => promise, done, failed: nothing })
    await new Promise((next) => setImmediate(next))
    const reading = reader.call('read', 'default', 'DB_URL')
    const locking = room.broker.lock('asked').then(() => log.push('locked'))
    void room.broker.lock('limit')
    expect(room.broker.unlocked).toBeFalse()
    expect(await (await room.talk()).hello({})).toMatchObject({ unlocked: false })
    expect(heard).toEqual([])
    resolve()
    await locking
    expect(log).toEqual(['done', 'locked'])
    expect(heard).toEqual(['locked asked'])
    expect(await reading).toMatchObject({ failed: 'locked' })
  })

  test('a rotation that is overtaken by a lock does not unlock it again, and the new passphrase opens the vault', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'key rotate', effect: 'admin' })
    const rotating = talk.request({ op: 'call', method: 'rotate' }, [Secret.fromText('fresh passphrase')])
    const locking = new Promise((next) => setImmediate(next)).then(() => room.broker.lock('asked'))
    expect(await talk.answer(rotating)).toEqual({ projects: 2 })
    await locking
    expect(room.broker.unlocked).toBeFalse()
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    await room.broker.unlock(Secret.fromText('fresh passphrase'))
    expect(opened(await (await room.talk({})).call('read', 'default', 'K'))).toBe('value of K')
    await room.broker.lock('asked')
  })

  test('outcomes of what was read are written before the key that signs them goes', async () => {
    const room = await agentRoom()
    const talk = await room.talk({})
    await talk.call('read', 'default', 'K')
    talk.say({ op: 'settle', result: 'ok' })
    await room.broker.lock('asked')
    const [outcome] = await room.elsewhere((view) => view.audit({ limit: 1 }))
    expect(outcome).toMatchObject({ phase: 'outcome', result: 'ok', resourceName: 'K' })
  })

  test('unlocking waits until what replaces the file is done', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'delete', effect: 'destroy' })
    const deleting = talk.call('delete', 'default', ['K'])
    await new Promise((resolve) => setImmediate(resolve))
    await room.broker.unlock(Secret.fromText(PASSPHRASE))
    expect(await deleting).toBeUndefined()
    expect(await talk.call('list', 'default')).toHaveLength(2)
  })
})

test('many conversations at once: every answer right, one row of intent and outcome for each read', async () => {
  const room = await agentRoom()
  const talks = await Promise.all(Array.from({ length: 30 }, () => room.talk({})))
  const answers = await Promise.all(
    talks.flatMap((talk) => [talk.call('read', 'default', 'K'), talk.call('read', 'web', 'W')]),
  )
  expect(new Set(answers.map(opened))).toEqual(new Set(['value of K', 'value of W']))
  for (const talk of talks) {
    talk.say({ op: 'settle', result: 'ok' })
    talk.session.close()
  }
  await Bun.sleep(80)
  await room.elsewhere((view) => {
    const rows = view.audit({ limit: 1000, action: 'secret.read' })
    expect(rows.filter(({ phase }) => phase === 'intent')).toHaveLength(60)
    expect(rows.filter(({ phase, result }) => phase === 'outcome' && result === 'ok')).toHaveLength(60)
    expect(view.verifyAudit().rows).toBeGreaterThan(120)
  })
})
