// Runs a container with secrets in its environment. docker reads each value from its own environment (`-e KEY`), so
// no value is on a command line. Whoever may ask the daemon can read them: `docker inspect` shows the environment.
import { GIVE_FIELDS } from '../../faces/fields.ts'
import { define } from '../define.ts'
import { DOCKER_ARGUMENTS, becomeDocker } from '../parts/docker-client.ts'

export default define({
  path: 'docker run',
  about: 'Run a container with secrets in its environment',
  detail:
    'Runs docker run with -e KEY for every chosen secret. docker inspect shows the environment of a container to ' +
    'everybody who may use the daemon. The exit code is the one of docker.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: { ...GIVE_FIELDS, arguments: DOCKER_ARGUMENTS },
  examples: [{ words: 'docker run --only DATABASE_URL -- --rm alpine env', about: 'One secret in a container' }],
  run: (context, { arguments: rest = [], ...choice }) =>
    becomeDocker(context, choice, (names) => ['run', ...names.flatMap((name) => ['-e', name]), ...rest]),
})
