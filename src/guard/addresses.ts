// Which addresses of the internet a request for an AI agent may go to. What is not known to be public is not public:
// loopback, private networks, link-local (where clouds tell credentials), and every way of writing those in IPv6.

/** Bits in front, and how many of them count (IANA special-purpose registries, RFC 6890 and what came after). */
const NOT_PUBLIC_4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Whether `address`, as a resolver gives it, is a public one. */
export function isPublicAddress(address: string): boolean {
  const four = numberOf4(address)
  if (four !== undefined) return isPublic4(four)
  const six = groupsOf6(address)
  if (!six) return false
  // Only global unicast (2000::/3), and of that nothing that carries an address of version 4 or is for documents.
  if (six[0]! >> 13 !== 1) return false
  if (six[0] === 0x2002 || (six[0] === 0x2001 && six[1]! < 0x200) || (six[0] === 0x2001 && six[1] === 0xdb8))
    return false
  return six[0] !== 0x3fff || six[1]! >= 0x1000
}

/** Whether `host` is an address and no name, also in the odd ways in which one can be written. */
export function isAddress(host: string): boolean {
  return numberOf4(host) !== undefined || groupsOf6(host.replace(/^\[|\]$/g, '')) !== undefined
}

function isPublic4(address: number): boolean {
  return !NOT_PUBLIC_4.some(([from, bits]) => numberOf4(from)! >>> (32 - bits) === address >>> (32 - bits))
}

function numberOf4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (!parts || parts.some((part) => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** The eight groups of an IPv6 address without a zone; undefined when it is none. */
function groupsOf6(text: string): number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const four = dotted ? numberOf4(dotted[2]!) : undefined
  if (dotted && four === undefined) return undefined
  const plain = dotted ? `${dotted[1]}${(four! >>> 16).toString(16)}:${(four! & 0xffff).toString(16)}` : text
  const halves = plain.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}
