// The made-up secrets of the tour: twenty entries as they stand in a real .env, and a search for their plaintext in
// files, in the encodings in which it might have been left there. Values are random; only their shape is real.

const random = (bytes: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
const word = (length: number): string => random(length).toString('base64url').slice(0, length)

/** Text in the shape of a PEM key of eight lines; the body is random and no key. */
function pem(): string {
  const name = ['PRIVATE', 'KEY'].join(' ')
  const body =
    random(336)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${name}-----`, ...body, `-----END ${name}-----`, ''].join('\n')
}

/** How an entry is written down: quotes, blanks, comments and `export` as people use them. */
type Written = (name: string, value: string) => string
const bare: Written = (name, value) => `${name}=${value}`
const exported: Written = (name, value) => `export ${name}=${value}`
const double: Written = (name, value) => `${name}="${value.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`
const block: Written = (name, value) => `${name}="${value}"`
const single: Written = (name, value) => `${name}='${value}'`
const spaced: Written = (name, value) => `${name} = ${value}   # changed every quarter`

/** A .env of twenty entries and the values that a correct reader gets from it. */
export function inventEnv(): { text: string; values: Map<string, string> } {
  const entries: [string, string, Written][] = [
    ['DATABASE_URL', `postgres://shop:${word(20)}@db.example.internal:5432/shop?sslmode=require`, bare],
    ['DATABASE_REPLICA_URL', `postgres://reader:${word(20)}@replica.example.internal/shop#main`, double],
    ['REDIS_URL', `redis://:${word(24)}@cache.example.internal:6379/0`, bare],
    ['STRIPE_SECRET_KEY', `sk_made_up_${word(32)}`, exported],
    ['STRIPE_WEBHOOK_SECRET', `whsec_made_up_${word(32)}`, bare],
    ['SESSION_SECRET', random(48).toString('base64'), spaced],
    ['JWT_PRIVATE_KEY', pem(), block],
    ['JWT_KEY_ID', `kid-${word(12)}`, bare],
    ['SMTP_PASSWORD', `pa$$${word(6)} "quoted" \\ ${word(6)}`, double],
    ['SMTP_USER', `mailer-${word(6)}@example.com`, bare],
    ['ADMIN_GREETING', `Grüße aus Köln, 東京 から ${word(8)} 🔑`, double],
    ['OAUTH_CLIENT_ID', `${word(24)}.apps.example.com`, bare],
    ['OAUTH_CLIENT_SECRET', word(40), single],
    ['S3_ACCESS_KEY', `MADEUP${word(14)}`, bare],
    ['S3_SECRET_KEY', random(30).toString('base64'), single],
    ['SENTRY_DSN', `https://${word(32)}@errors.example.com/42`, bare],
    ['FEATURE_FLAGS', `{"checkout":true,"token":"${word(12)}","beta":["a","b"]}`, single],
    ['ENCRYPTION_KEY', random(32).toString('hex'), bare],
    ['LITERAL_DOLLAR', `$HOME is not expanded, nor is \${${word(8)}}`, single],
    ['LICENSE_TEXT', `line one ${word(8)}\n\tline two ${word(8)}\nline three`, double],
  ]
  const lines = entries.map(([name, value, written]) => written(name, value))
  lines.splice(0, 0, '# settings of the shop, production', '')
  lines.splice(7, 0, '', '# keys')
  return { text: `${lines.join('\n')}\n`, values: new Map(entries.map(([name, value]) => [name, value])) }
}

/** All values as they are, one after the other: what a leak would look like. */
export function unquotedForms(values: ReadonlyMap<string, string>): string {
  return [...values.values()].join('\u0000')
}

/** Names of the secrets whose value is in one of `files`: as UTF-8, UTF-16, hex or base64 (in all three alignments). */
export function findPlaintext(files: readonly Buffer[], secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets]
    .filter(([, value]) => forms(value).some((form) => files.some((file) => file.includes(form))))
    .map(([name]) => name)
}

function forms(value: string): Buffer[] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map((shift) => {
    // What stands at the edges depends on the neighbours, so only the whole groups in the middle are compared.
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    return Buffer.from(text.slice(shift === 0 ? 0 : 4, Math.floor((shift + bytes.length) / 3) * 4))
  })
  const hex = bytes.toString('hex')
  return [bytes, Buffer.from(value, 'utf16le'), Buffer.from(hex), Buffer.from(hex.toUpperCase()), ...base64].filter(
    (form) => form.length >= 4,
  )
}
