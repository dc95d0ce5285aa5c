// Builds an image with secrets as BuildKit secrets: files that exist only while a step of the build mounts them, and
// that are in no layer and in no history of the image.
import { GIVE_FIELDS } from '../../faces/fields.ts'
import { define } from '../define.ts'
import { DOCKER_ARGUMENTS, becomeDocker } from '../parts/docker-client.ts'

export default define({
  path: 'docker build',
  about: 'Build an image with secrets that stay out of it',
  detail:
    'Runs docker build with --secret id=KEY,env=KEY for every chosen secret. A step of the Dockerfile reads one with ' +
    'RUN --mount=type=secret,id=KEY; tvault docker init shows how. The exit code is the one of docker.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: { ...GIVE_FIELDS, arguments: DOCKER_ARGUMENTS },
  examples: [{ words: 'docker build --only NPM_TOKEN -- -t app .', about: 'One secret for the steps that mount it' }],
  run: (context, { arguments: rest = [], ...choice }) =>
    becomeDocker(
      context,
      choice,
      (names) => ['build', ...names.flatMap((name) => ['--secret', `id=${name},env=${name}`]), ...rest],
      // Older clients build without BuildKit unless told, and then know no secrets.
      { DOCKER_BUILDKIT: '1' },
    ),
})
