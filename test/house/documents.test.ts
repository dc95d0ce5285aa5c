// The README is a map: it names every room, every package in the program and every document, and none that is not there.
import { expect, test } from 'bun:test'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { topics } from '../../src/context/topics.ts'
import { readHouse, roomOf, ROOT } from './house.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The first cells of the table under a heading, without their quotes. */
function firstCells(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = [...section.matchAll(/^\| (`[^|]*) \|/gm)]
  return rows.flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]*)`/g)].map(([, name = '']) => name))
}

test('every room is in the table of rooms, and nothing that is not there', () => {
  const named = firstCells('The house').map((name) => name.replace(/\/$/, ''))
  expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
  const rooms = new Set([...readHouse().keys()].filter((path) => path.split('/').length > 2).map(roomOf))
  expect(rooms.size).toBeGreaterThan(10)
  expect([...rooms].filter((room) => !named.includes(`src/${room}`))).toEqual([])
})

test('every package of the program is in the table of packages', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
  expect(firstCells('Packages in the program').toSorted()).toEqual(Object.keys(dependencies).toSorted())
})

test('every document is a topic of `tvault docs` and linked in the README', () => {
  const files = readdirSync(join(ROOT, 'src/topics')).map((name) => name.replace(/\.md$/, ''))
  const slugs = topics().map(({ slug }) => slug)
  expect(slugs.toSorted()).toEqual(files.toSorted())
  const linked = new Set([...readme.matchAll(/\]\(src\/topics\/([^)]*)\.md\)/g)].map(([, slug]) => slug))
  expect([...linked].toSorted((a = '', b = '') => (a < b ? -1 : 1))).toEqual(slugs.toSorted())
})
