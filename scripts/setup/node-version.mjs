import { isAtLeast } from '../../bin/runtime.mjs';
import { SetupError } from './steps.mjs';

const oldestNodeForSetup = '20.0.0';
const oldestNpmForSetup = '9.0.0';

/**
 * Says so when the Node or the npm that runs the set-up is too old for it. (Lotse itself runs on the pinned Node that
 * the set-up installs.)
 * @param {string} nodeVersion such as `v20.11.0`
 * @param {string | undefined} userAgent npm's own `npm/10.8.2 node/v20.11.0 linux x64`; absent outside an npm script
 * @returns {string} the versions in words
 */
export function checkVersions(nodeVersion, userAgent) {
  if (!isAtLeast(nodeVersion, oldestNodeForSetup)) {
    throw new SetupError(
      `This needs Node ${oldestNodeForSetup} or newer to set itself up, and this is ${nodeVersion}: https://nodejs.org/en/download`,
    );
  }
  const npmVersion = /(?:^|\s)npm\/(\S+)/.exec(userAgent ?? '')?.[1];
  if (npmVersion !== undefined && !isAtLeast(npmVersion, oldestNpmForSetup)) {
    throw new SetupError(
      `This needs npm ${oldestNpmForSetup} or newer, and this is ${npmVersion}: \`npm install --global npm\` brings a newer one.`,
    );
  }
  return `Node ${nodeVersion.slice(1)}${npmVersion === undefined ? '' : `, npm ${npmVersion}`}`;
}
