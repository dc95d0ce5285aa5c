// The platforms a release is made for: which Bun and which LMDB addon go into the program. Both come out of packages
// whose bytes are pinned here, so that a registry cannot change what is released.
import { closeSync, openSync, readSync } from 'node:fs'

/** A package at one version, and the SHA-512 of its tarball as npm writes it (`integrity`). */
export interface Pinned {
  name: string
  version: string
  integrity: string
}

export interface Platform {
  /** As in the name of the archive, and in `tvault version`. */
  name: string
  system: 'linux' | 'darwin' | 'windows'
  architecture: 'x64' | 'arm64'
  /** Only for Linux. */
  libc?: 'glibc' | 'musl'
  runtime: Pinned
  /** The package that carries the addon, and which of its files. */
  addon: Pinned & { file: string }
}

const BUN = '1.4.5'
const LMDB = '3.5.6'

/** The last word is the file in the package of the addon. Bun for processors without AVX2 is the same file since 1.4. */
const ROWS = [
  [
    'linux-x64',
    '@oven/bun-linux-x64',
    'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
    '@lmdb/lmdb-linux-x64',
    'sha512-ADzCuCF2cTNiX9kDScqcz1fjnAkxPpQNneV3KFTdV3wWtVlI2sTGzySoMTgDpinkMMFj1NTJlxA6XR8fwc4hlA==',
    'node.napi.glibc.node',
  ],
  [
    'linux-x64-musl',
    '@oven/bun-linux-x64-musl',
    'sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==',
    '@lmdb/lmdb-linux-x64',
    'sha512-ADzCuCF2cTNiX9kDScqcz1fjnAkxPpQNneV3KFTdV3wWtVlI2sTGzySoMTgDpinkMMFj1NTJlxA6XR8fwc4hlA==',
    'node.napi.musl.node',
  ],
  [
    'linux-arm64',
    '@oven/bun-linux-aarch64',
    'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
    '@lmdb/lmdb-linux-arm64',
    'sha512-HmiyFFdJa38s1heCMSooSPaBSFTHJ3C+ERPp28xAPlDX1YiALJVOgbry065nXd8Y7KISWjnw05zpG1RX8IfftA==',
    'node.napi.glibc.node',
  ],
  [
    'linux-arm64-musl',
    '@oven/bun-linux-aarch64-musl',
    'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
    '@lmdb/lmdb-linux-arm64',
    'sha512-HmiyFFdJa38s1heCMSooSPaBSFTHJ3C+ERPp28xAPlDX1YiALJVOgbry065nXd8Y7KISWjnw05zpG1RX8IfftA==',
    'node.napi.musl.node',
  ],
  [
    'darwin-x64',
    '@oven/bun-darwin-x64',
    'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
    '@lmdb/lmdb-darwin-x64',
    'sha512-foa+pwitysO8k+xhs7psBFfTKnVgR69NlZRRTHaFVDqphh7AdGpLeyRzKw/ofatr/sN6TiHRRW6mmop0ZrrppQ==',
    'node.napi.node',
  ],
  [
    'darwin-arm64',
    '@oven/bun-darwin-aarch64',
    'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
    '@lmdb/lmdb-darwin-arm64',
    'sha512-mY5FG4TjPAkY4P0w+OhHaUka5mDh2TX2WKYIwuKzJ1zeW3VvRgxdam/lGJTquI+bthTx5CSHDW+BAQCnNAzkEA==',
    'node.napi.node',
  ],
  [
    'windows-x64',
    '@oven/bun-windows-x64',
    'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
    '@lmdb/lmdb-win32-x64',
    'sha512-1g7G0knRX2iV/voDu54yxrGqw5Dk0w2oIYb7dgJq8IkOi+m7wbD8Q3QpPFjh0C01G58S88dqGn03len6UPCXsg==',
    'node.napi.node',
  ],
  [
    'windows-arm64',
    '@oven/bun-windows-aarch64',
    'sha512-MiPFZnBNDnBXgr1oONc5pizC4fOLjnIOfNkYdFEnWzLmoFTg86naZIG3SvS7d/GglpQSAnCKMAzSjI/TAckiRw==',
    '@lmdb/lmdb-win32-arm64',
    'sha512-J7A9aEQsQiv0TYtBGL7NDIPp2lOS8nnl+zm4sWZm1xlsTTaQ4PgD096Adzdrk27rw3UxCkDXdCUa4ax41oztBQ==',
    'node.napi.node',
  ],
] as const

export const PLATFORMS: readonly Platform[] = ROWS.map(([name, runtime, hash, addon, addonHash, file]) => {
  const [system, architecture, libc] = name.split('-') as [Platform['system'], Platform['architecture'], 'musl'?]
  return {
    name,
    system,
    architecture,
    ...(system === 'linux' && { libc: libc ?? 'glibc' }),
    runtime: { name: runtime, version: BUN, integrity: hash },
    addon: { name: addon, version: LMDB, integrity: addonHash, file },
  }
})

/** The platform called `name`. Throws with the names that there are. */
export function platformNamed(name: string): Platform {
  const found = PLATFORMS.find((platform) => platform.name === name)
  if (found) return found
  throw new Error(`unknown platform ${name}; there are ${PLATFORMS.map((platform) => platform.name).join(', ')}`)
}

/** The platform of the Bun that runs this: of Linux the loader that it names tells which C library it is for. */
export function hostPlatform(): Platform {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const musl = system === 'linux' && beginning(process.execPath).includes('/lib/ld-musl-')
  return platformNamed(`${system}-${process.arch}${musl ? '-musl' : ''}`)
}

function beginning(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(4096)
    readSync(fd, bytes)
    return bytes
  } finally {
    closeSync(fd)
  }
}

/** What the program is called there. */
export function programName({ system }: Platform): string {
  return system === 'windows' ? 'tvault.exe' : 'tvault'
}
