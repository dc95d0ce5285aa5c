// The service files, read back by the rules of their readers: what is a word stays one word, whatever is in it.
import { expect, test } from 'bun:test'
import { launchdPlist, systemdUnit } from '../../src/faces/service.ts'

const HOSTILE = '/home/me/a "b" %h $HOME \\ c;d\'e'

/** The words of a systemd command line: double quotes, backslash escapes, `%%` and `$$` (systemd.syntax(7)). */
function systemdWords(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"/g)].map(([, word]) =>
    word!.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  )
}

test('systemd reads every word as it is', () => {
  const unit = systemdUnit({
    command: ['/usr/bin/tvault', 'agent', 'start', '--vault', HOSTILE],
    environment: { TVAULT_PASSPHRASE_FILE: HOSTILE },
  })
  const line = (name: string): string => unit.split('\n').find((one) => one.startsWith(`${name}=`))!
  expect(systemdWords(line('ExecStart'))).toEqual(['/usr/bin/tvault', 'agent', 'start', '--vault', HOSTILE])
  expect(systemdWords(line('Environment'))).toEqual([`TVAULT_PASSPHRASE_FILE=${HOSTILE}`])
  for (const fixed of ['Type=simple', 'Restart=on-failure', 'RestartSec=5', 'LimitCORE=0', 'WantedBy=default.target']) {
    expect(unit).toContain(`\n${fixed}\n`)
  }
})

test('launchd reads every word as it is', () => {
  const hostile = '/Users/me/<a> & "b"'
  const plist = launchdPlist('dev.tinyvault.agent', hostile, {
    command: ['/bin/tvault', hostile],
    environment: { A: hostile },
  })
  const strings = [...plist.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text]) =>
    text!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  )
  expect(strings).toContain(hostile)
  expect(strings.filter((text) => text.startsWith(hostile))).toHaveLength(4)
  expect(plist).not.toContain('<a>')
})
