// The environment of a confined program: a short list of harmless variables, and what it is given. The rule: a variable
// that makes a loader, a shell, an interpreter or a well-known tool run other code is never set by a secret and never
// passed on, whoever asks.
import { isAbsolute } from 'node:path'
import { Failure } from '../lib/errors.ts'
import type { Environment } from '../lib/paths.ts'

/** Where programs are looked for, unless the caller says otherwise. Never what we were started with. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Passed on as they are. */
const PASSED = /^(?:HOME|USER|LOGNAME|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|NO_COLOR|TZ)$/

/** Names that steer, by what they steer. A name in capitals; `*` at the end for all that begin so. */
const STEERING: Readonly<Record<string, string>> = {
  'the loader of programs and the C library':
    'LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH LOCPATH NLSPATH HOSTALIASES LOCALDOMAIN RES_OPTIONS GETCONF_DIR TZDIR MALLOC_*',
  shells:
    'PATH IFS ENV BASH_* BASHOPTS SHELLOPTS PS0 PS1 PS2 PS3 PS4 PROMPT_COMMAND CDPATH GLOBIGNORE FPATH ZDOTDIR FIGNORE EXECIGNORE',
  'where programs look for their settings':
    'HOME SHELL PWD OLDPWD TMPDIR TMP TEMP XDG_* TERMINFO TERMINFO_DIRS TERMCAP TERM',
  'programs that programs start':
    'EDITOR VISUAL PAGER BROWSER MANPAGER LESS LESSOPEN LESSCLOSE LESSKEY* LESSEDIT MORE VIMINIT EXINIT GVIMINIT MYVIMRC EMACSLOADPATH SUDO_ASKPASS SSH_ASKPASS* SSH_AUTH_SOCK SSH_SK_PROVIDER RSYNC_RSH RSYNC_CONNECT_PROG CVS_RSH SVN_* HGRCPATH HGEDITOR HGMERGE',
  git: 'GIT_*',
  node: 'NODE_OPTIONS NODE_PATH NODE_REPL_* NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_V8_COVERAGE NODE_ICU_DATA BUN_* DENO_* NPM_CONFIG_* YARN_* PNPM_* COREPACK_* ELECTRON_RUN_AS_NODE TS_NODE_*',
  python: 'PYTHON* PIP_CONFIG_FILE VIRTUAL_ENV',
  'perl, ruby, php, lua':
    'PERL* RUBY* GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLE_PATH BUNDLE_APP_CONFIG BUNDLE_USER_* PHPRC PHP_INI_SCAN_DIR LUA_*',
  java: 'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS JAVA_HOME CLASSPATH MAVEN_OPTS MAVEN_ARGS MAVEN_CONFIG GRADLE_OPTS GRADLE_USER_HOME SBT_OPTS KOTLIN_* GROOVY_*',
  '.NET and PowerShell': 'DOTNET_* CORECLR_* COR_* COMPLUS_* PSMODULEPATH',
  'go, rust, C':
    'GOFLAGS GOENV GOROOT GOPATH GOBIN GOTOOLCHAIN GOEXPERIMENT CGO_* RUSTC* RUSTFLAGS RUSTDOC* RUSTUP_* CARGO_* CC CXX CPP LD AR AS CFLAGS CXXFLAGS CPPFLAGS LDFLAGS COMPILER_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH GCC_* MAKE MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKEFILES MAKEOVERRIDES CMAKE_* PKG_CONFIG*',
  'other languages':
    'ERL_* ELIXIR_ERL_OPTIONS JULIA_* OCAMLRUNPARAM CAML_LD_LIBRARY_PATH GHCRTS GUILE_* TCLLIBPATH R_HOME R_LIBS* R_PROFILE* R_ENVIRON* AWKPATH AWKLIBPATH',
  'libraries that load others':
    'OPENSSL_* GTK_* GIO_* GDK_* GST_* QT_* QML* VK_* LIBGL_* SANE_* ALSA_* PROJ_LIB ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS KRB5_CONFIG SASL_PATH',
  'clients of other services':
    'DOCKER_HOST DOCKER_CONTEXT DBUS_* DISPLAY WAYLAND_DISPLAY XAUTHORITY GNUPGHOME GPG_AGENT_INFO PSQLRC PGSYSCONFDIR PGSERVICEFILE',
  tvault: 'TVAULT_*',
}

/** Begin like the ones above, and are what secrets are called. */
const SECRETS = /^(?:GIT_(?:TOKEN|PASSWORD|USERNAME|USER|PAT|ACCESS_TOKEN)|CARGO_REGISTR(?:Y|IES_[A-Z0-9_]+)_TOKEN)$/

const [EXACT, PREFIXES] = tables()

function tables(): [ReadonlyMap<string, string>, readonly [prefix: string, what: string][]] {
  const words = Object.entries(STEERING).flatMap(([what, names]) =>
    names.split(' ').map((name) => [name, what] as const),
  )
  return [
    new Map(words.filter(([name]) => !name.endsWith('*'))),
    words.flatMap(([name, what]) => (name.endsWith('*') ? [[name.slice(0, -1), what] as [string, string]] : [])),
  ]
}

/** What the variable `name` steers, without regard to case; undefined when nothing is known. */
export function steeredBy(name: string): string | undefined {
  const upper = name.toUpperCase()
  if (SECRETS.test(upper)) return undefined
  return EXACT.get(upper) ?? PREFIXES.find(([prefix]) => upper.startsWith(prefix))?.[1]
}

export interface Surroundings {
  /** What we were started with. */
  inherited: Environment
  /** Names to pass on in addition. */
  pass: readonly string[]
  /** Value of PATH. */
  path: string
  directory: string
  temporary: string
}

/**
 * The variables of a program without its secrets. Throws `denied` for names in `pass` that steer, `usage` for a `path`
 * that is not made of absolute directories.
 */
export function surroundings({ inherited, pass, path, directory, temporary }: Surroundings): Record<string, string> {
  for (const name of pass) refuseSteering(name, 'be passed on')
  if (path.split(':').some((part) => !isAbsolute(part))) {
    throw new Failure('usage', 'PATH of a confined program holds something that is not an absolute directory')
  }
  const passed = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && (PASSED.test(entry[0]) || pass.includes(entry[0])),
  )
  return { ...Object.fromEntries(passed), PATH: path, PWD: directory, TMPDIR: temporary }
}

/** Throws `denied` when `name` steers something. `act`: what cannot be done with it. */
export function refuseSteering(name: string, act: string): void {
  const what = steeredBy(name)
  if (what === undefined) return
  throw new Failure('denied', `${name} cannot ${act}: it steers ${what}`, {
    hint: 'give the value to the program under another name',
  })
}
