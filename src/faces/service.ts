// The files with which systemd and launchd start the agent: pure text. Every word is quoted for its reader, so that a
// path with blanks, quotes, `%` or `$` is that path and nothing else.
export interface ServiceText {
  /** Program and arguments, all absolute. */
  command: readonly string[]
  environment: Readonly<Record<string, string>>
}

/** A user unit of systemd (systemd.service(5), systemd.syntax(7)). */
export function systemdUnit({ command, environment }: ServiceText): string {
  const lines = Object.entries(environment).map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}`)
  return `# Written by tvault agent install; tvault agent uninstall removes it.
[Unit]
Description=TinyVault agent
Documentation=man:tvault(1)

[Service]
Type=simple
ExecStart=${command.map(systemdWord).join(' ')}
${lines.map((line) => `${line}\n`).join('')}Restart=on-failure
RestartSec=5
LimitCORE=0
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
`
}

/** In double quotes: `%` is doubled against specifiers, `$` against variables, `\\` and `"` are escaped. */
function systemdWord(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

/** A launch agent of macOS (launchd.plist(5)) called `label`, with its output in `logs`. */
export function launchdPlist(label: string, logs: string, { command, environment }: ServiceText): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `    <key>${xml(name)}</key>\n    <string>${xml(value)}</string>\n`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>\n`).join('')}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join('')}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardOutPath</key>
  <string>${xml(logs)}/agent.out.log</string>
  <key>StandardErrorPath</key>
  <string>${xml(logs)}/agent.err.log</string>
</dict>
</plist>
`
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
