// Who may open a Secret: the list in doors.ts and the code must agree in both directions.
import { expect, test } from 'bun:test'
import { doorFaults, REVEALERS } from './doors.ts'
import { plant, readHouse } from './house.ts'

const house = readHouse()

test('the guard sees a door', () => {
  expect(doorFaults(house, {})).toContain('src/vault/boxes.ts opens a Secret and is not a door')
})

test('secrets are opened at the listed doors only', () => expect(doorFaults(house)).toEqual([]))

test('every door has a reason', () => {
  for (const reason of Object.values(REVEALERS)) expect(reason.length).toBeGreaterThan(10)
})

test.each(['print(value.reveal())', 'const { reveal } = value', "value['reveal']()", 'const open = value.reveal'])(
  'a second door is caught: %s',
  (line) => {
    expect(doorFaults(plant(house, 'src/commands/list.ts', line))).toContain(
      'src/commands/list.ts opens a Secret and is not a door',
    )
  },
)

test('a door that opens nothing is caught', () => {
  expect(doorFaults(house, { ...REVEALERS, 'src/lib/time.ts': 'opens nothing at all' })).toContain(
    'src/lib/time.ts is listed as a door but opens nothing',
  )
})
