// Prints what to put into a Dockerfile and a compose file. Needs no vault: keys are taken from --only as they are.
import { checkKey } from '../../lib/names.ts'
import { define } from '../define.ts'

export default define({
  path: 'docker init',
  about: 'Show how a Dockerfile and a compose file take secrets',
  detail: 'Prints text to copy; writes nothing and needs no vault. --only names the keys that it is about.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    only: { kind: 'list', about: 'The keys to show', placeholder: 'keys', split: true, complete: 'key' },
  },
  examples: [
    { words: 'docker init', about: 'With two names as an example' },
    { words: 'docker init --only NPM_TOKEN', about: 'With the key that you use' },
  ],
  run(_context, { only = ['NPM_TOKEN', 'DATABASE_URL'] }) {
    const keys = only.map(checkKey)
    return { dockerfile: dockerfile(keys), compose: compose(keys) }
  },
  human: ({ dockerfile, compose }) => `${dockerfile}\n${compose}`,
})

function dockerfile(keys: readonly string[]): string {
  const mounts = keys.map((id) => `--mount=type=secret,id=${id} \\\n    `).join('')
  const reads = keys.map((id) => `${id}="$(cat /run/secrets/${id})" `).join('')
  return (
    '# Dockerfile. A secret is a file below /run/secrets while this one step runs, and in no layer afterwards.\n' +
    `# Build it with: tvault docker build --only ${keys.join(',')} -- -t app .\n` +
    `RUN ${mounts}${reads}\\\n    npm ci\n`
  )
}

function compose(keys: readonly string[]): string {
  const services = keys.map((key) => `      ${key}: \${${key}}\n`).join('')
  const secrets = keys.map((key) => `  ${key.toLowerCase()}:\n    environment: ${key}\n`).join('')
  return (
    '# compose.yaml. The container gets what stands under environment. Secrets of a build, or for images that read\n' +
    '# files below /run/secrets, are declared under secrets and named by the service that needs them.\n' +
    `# Start it with: tvault docker compose --only ${keys.join(',')} -- up\n` +
    `services:\n  app:\n    build: .\n    environment:\n${services}secrets:\n${secrets}`
  )
}
