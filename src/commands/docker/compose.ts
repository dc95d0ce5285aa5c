// Runs docker compose with secrets in its environment, where ${KEY} in the compose file and `environment:` entries of
// its secrets find them.
import { GIVE_FIELDS } from '../../faces/fields.ts'
import { define } from '../define.ts'
import { DOCKER_ARGUMENTS, becomeDocker } from '../parts/docker-client.ts'

export default define({
  path: 'docker compose',
  about: 'Run docker compose with secrets in its environment',
  detail:
    'Compose puts them where the file says ${KEY}. A container gets only what the file names. ' +
    'The exit code is the one of docker.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: { ...GIVE_FIELDS, arguments: DOCKER_ARGUMENTS },
  examples: [{ words: 'docker compose --only DATABASE_URL -- up -d', about: 'For ${DATABASE_URL} in compose.yaml' }],
  run: (context, { arguments: rest = [], ...choice }) => becomeDocker(context, choice, () => ['compose', ...rest]),
})
