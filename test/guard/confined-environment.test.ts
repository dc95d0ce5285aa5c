// The environment of a confined program: nothing that steers other programs, whoever sets it.
import { describe, expect, test } from 'bun:test'
import { DEFAULT_PATH, refuseSteering, steeredBy, surroundings } from '../../src/guard/confined-environment.ts'

const STEERING =
  `PATH LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT ld_preload DYLD_INSERT_LIBRARIES GLIBC_TUNABLES GCONV_PATH IFS ENV
  BASH_ENV BASHOPTS SHELLOPTS PS4 PROMPT_COMMAND CDPATH ZDOTDIR NODE_OPTIONS NODE_PATH BUN_OPTIONS BUN_INSPECT NPM_CONFIG_SCRIPT_SHELL
  npm_config_node_options PYTHONSTARTUP PYTHONPATH PYTHONHOME PERL5OPT PERL5LIB PERL5DB RUBYOPT RUBYLIB LUA_INIT PHPRC
  JAVA_TOOL_OPTIONS _JAVA_OPTIONS CLASSPATH GOFLAGS RUSTC_WRAPPER CARGO_HOME MAKEFLAGS CC GIT_SSH_COMMAND GIT_CONFIG_COUNT
  GIT_EXTERNAL_DIFF GIT_ASKPASS git_editor SSH_ASKPASS SSH_AUTH_SOCK EDITOR PAGER LESSOPEN HOME TMPDIR XDG_CONFIG_HOME
  DOTNET_STARTUP_HOOKS CORECLR_PROFILER OPENSSL_CONF DOCKER_HOST TVAULT_DIR TVAULT_PASSPHRASE HOSTALIASES TERMINFO`.split(
    /\s+/,
  )

const SECRETS =
  `API_KEY GITHUB_TOKEN GIT_TOKEN CARGO_REGISTRY_TOKEN CARGO_REGISTRIES_MINE_TOKEN NPM_TOKEN NODE_AUTH_TOKEN
  DATABASE_URL AWS_SECRET_ACCESS_KEY PGPASSWORD PATHS MY_PATH ENVIRONMENT LDAP_PASSWORD OPENAI_API_KEY DOCKER_PASSWORD
  TWINE_PASSWORD KUBECONFIG SSH_KEY PSK GEM_HOST_API_KEY`.split(/\s+/)

describe('names', () => {
  test('that steer are known, in any case', () => {
    expect(STEERING.filter((name) => steeredBy(name) === undefined)).toEqual([])
  })

  test('of secrets are not taken for others', () => {
    expect(SECRETS.filter((name) => steeredBy(name) !== undefined)).toEqual([])
  })

  test('are refused with the reason', () => {
    expect(() => refuseSteering('LD_PRELOAD', 'be set by a secret')).toThrow(
      'LD_PRELOAD cannot be set by a secret: it steers the loader of programs and the C library',
    )
    expect(() => refuseSteering('API_KEY', 'be set by a secret')).not.toThrow()
  })
})

describe('variables', () => {
  const inherited = {
    ...Object.fromEntries(STEERING.map((name) => [name, 'bad'])),
    HOME: '/home/u',
    LANG: 'C.UTF-8',
    LC_TIME: 'de',
    TZ: 'UTC',
    AWS_SECRET_ACCESS_KEY: 'host token',
    ANTHROPIC_API_KEY: 'host token',
    CI: 'true',
  }
  const made = (more: Partial<Parameters<typeof surroundings>[0]> = {}) =>
    surroundings({ inherited, pass: [], path: DEFAULT_PATH, directory: '/w', temporary: '/t', ...more })

  test('are a short list, with PATH and the places that are ours to say', () => {
    expect(made()).toEqual({
      HOME: '/home/u',
      LANG: 'C.UTF-8',
      LC_TIME: 'de',
      TZ: 'UTC',
      PATH: DEFAULT_PATH,
      PWD: '/w',
      TMPDIR: '/t',
    })
  })

  test('more are passed on by name, but none that steers', () => {
    expect(made({ pass: ['CI', 'NOT_SET'] })['CI']).toBe('true')
    expect(() => made({ pass: ['CI', 'NODE_OPTIONS'] })).toThrow(expect.objectContaining({ kind: 'denied' }))
  })

  test('PATH has absolute directories only', () => {
    expect(made({ path: '/a:/b' })['PATH']).toBe('/a:/b')
    for (const path of ['', '.', '/a:', '/a::/b', 'bin:/a', ':/a']) {
      expect(() => made({ path })).toThrow(expect.objectContaining({ kind: 'usage' }))
    }
  })
})
