import { rmSync, writeFileSync } from 'node:fs';
import type { EnvironmentViewModel, RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import { claimingWorker, type Shop } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { RolloutRecord } from './rollout-record.ts';

/** Two copies, a worker, and a verification that waits until it is told to go on, and fails when it is told to end. */
export const containerShop: Shop = {
  web: { run: undefined, instances: 2 },
  services: { worker: claimingWorker },
  more: { target: undefined, verify: { run: 'node patient-verify.mjs', within: '2m' } },
};
export const copies: readonly string[] = ['web', 'web', 'worker'];

const patientVerify = `import { appendFileSync, existsSync } from 'node:fs';
const { DATA_DIR, LOTSE_RELEASE } = process.env;
process.once('SIGTERM', () => process.exit(1));
appendFileSync(\`\${DATA_DIR}/waiting.log\`, \`\${LOTSE_RELEASE}\\n\`);
while (!existsSync(\`\${DATA_DIR}/go-\${LOTSE_RELEASE}\`)) await new Promise((resolve) => setTimeout(resolve, 50));
await import('./verify.mjs');
`;
export const containerFiles = {
  Dockerfile: 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n',
  'patient-verify.mjs': patientVerify,
} as const;

/** The shop's next rollout in production, which stands still where the test wants it to. */
export class ContainerRollout {
  readonly from: string;
  readonly to: string;
  readonly record: RolloutRecord;
  readonly #lotse: TemporaryLotse;

  constructor(lotse: TemporaryLotse, from: string, to: string) {
    this.from = from;
    this.to = to;
    this.#lotse = lotse;
    this.record = new RolloutRecord(lotse);
  }

  static async prepare(lotse: TemporaryLotse): Promise<ContainerRollout> {
    const { release } = await lotse.client.environment();
    const { id } = await lotse.client.release(containerShop, { files: containerFiles });
    return new ContainerRollout(lotse, release ?? '', id);
  }

  /** All copies of both releases run; the new ones are not ready until `letBeReady`. */
  async untilStarting(): Promise<void> {
    this.#note(`unready-${this.to}`);
    await this.#lotse.client.start(this.to);
    await until('the new copies run', () => startsOf(this.#lotse, this.to).length === copies.length);
  }

  letBeReady(): void {
    rmSync(this.#lotse.storePath(`unready-${this.to}`));
  }

  /** All copies of both releases are ready, and the new one is being verified until `letBeVerified`. */
  async untilVerifying(): Promise<void> {
    await this.#lotse.client.start(this.to);
    await until('it is being verified', () => this.#lotse.stored('waiting.log').includes(this.to));
  }

  letBeVerified(): void {
    this.#note(`go-${this.to}`);
  }

  async end(): Promise<RolloutView> {
    return await this.#lotse.client.ended(this.record.id);
  }

  #note(file: string): void {
    writeFileSync(this.#lotse.storePath(file), '');
  }
}

/** Services of the release that have begun, each as often as it has. */
export function startsOf(lotse: TemporaryLotse, release: string): readonly string[] {
  const starts = lotse.stored('starts.log').map((line) => line.split(' '));
  return starts.flatMap(([service = '', of]) => (of === release ? [service] : [])).toSorted();
}

/** Where the release was verified to the end. */
export function verificationsOf(lotse: TemporaryLotse, release: string): readonly string[] {
  const told = lotse.stored('verifications.log').map((line) => line.split(' '));
  return told.flatMap(([of, where = '']) => (of === release ? [where] : []));
}

/** Waits until only this release runs, every copy is ready, and users get it. */
export async function untilServesAlone(
  lotse: TemporaryLotse,
  release: string,
  name = 'production',
): Promise<EnvironmentViewModel> {
  return await until(`only ${release} runs`, async () => {
    const environment = await lotse.client.environment(name);
    const slots = slotsOf(environment);
    const isAll = slots.length === copies.length && slots.every(({ state }) => state === 'ready');
    const [share] = environment.shares;
    return isAll && share?.release === release && share.permille === 1000 && environment;
  });
}

export function slotsOf({ services }: EnvironmentViewModel) {
  return services.flatMap(({ slots }) => slots);
}
