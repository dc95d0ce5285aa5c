// How a program can write down the value of its variable OPEN: forms that are found in output, and forms that are not. Topic
// threat-model lists both, and a test compares (test/house/threat-model.test.ts).

/** What is taken out. */
export const FOUND: Readonly<Record<string, string>> = {
  'as it is': 'echo "$OPEN"',
  base64: 'printf %s "$OPEN" | base64 -w0',
  'base64 behind something': 'printf "x%s" "$OPEN" | base64 -w0',
  hex: 'printf %s "$OPEN" | od -An -v -tx1 | tr -d " \\n"',
  backwards: 'printf %s "$OPEN" | rev',
  'upper case': 'printf %s "$OPEN" | tr a-z A-Z',
  'colour in the middle': 'printf "%s" "$OPEN" | sed "s/open/$(printf "op\\033[1men")/"',
  'written to a file and read': 'echo "$OPEN" > f; cat f; rm f',
  'on standard error': 'echo "$OPEN" >&2',
  'in two pieces': 'printf %.12s "$OPEN"; sleep 0.05; printf %s "$OPEN" | cut -c13-',
  'from /proc': 'cat /proc/self/environ',
}

/** What comes out. When it is found some day, the test that uses this fails, and the topic must say so. */
export const NOT_FOUND: Readonly<Record<string, string>> = {
  'with a blank behind each letter': 'printf %s "$OPEN" | sed "s/./& /g"',
  'the first half': 'printf %s "$OPEN" | cut -c1-16',
  'letters as numbers': 'printf %s "$OPEN" | od -An -v -tu1',
  'letters exchanged': 'printf %s "$OPEN" | tr a-y b-z',
  compressed: 'printf %s "$OPEN" | gzip -n | base64 -w0',
  'as a hash': 'printf %s "$OPEN" | sha256sum',
}
