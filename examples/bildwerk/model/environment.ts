import { randomBytes } from 'node:crypto';

/** What an instance is given by whoever runs it (Lotse, or `dev.ts`). */
export type Environment = {
  readonly documentsDir: string;
  readonly picturesDir: string;
  readonly service: string;
  readonly environment: string;
  readonly release: string;
  /** Names this process in leases and marks. */
  readonly instance: string;
  /** Undefined: nobody steers this worker, it may take all work. */
  readonly claimFile: string | undefined;
  readonly port: number;
  /** The address it listens on: only this machine, unless told otherwise (in a container: 0.0.0.0). */
  readonly host: string;
  /** How long a worker's step stays its own without a sign of life. */
  readonly leaseMs: number;
};

type Variables = { readonly [name: string]: string | undefined };

/** Throws with the name of a variable that is missing or wrong. */
export function readEnvironment(variables: Variables, service: string): Environment {
  return {
    documentsDir: required(variables, 'DOCUMENTS_DIR'),
    picturesDir: required(variables, 'PICTURES_DIR'),
    service: variables['LOTSE_SERVICE'] ?? service,
    environment: variables['LOTSE_ENVIRONMENT'] ?? 'dev',
    release: variables['LOTSE_RELEASE'] ?? 'dev',
    instance: `${service}-${process.pid}-${randomBytes(3).toString('hex')}`,
    claimFile: variables['LOTSE_CLAIM_FILE'] || undefined,
    host: variables['HOST'] || '127.0.0.1',
    port: wholeNumber(variables, 'PORT', 3000, 65_535),
    leaseMs: wholeNumber(variables, 'WORKER_LEASE_MS', 8_000, 600_000),
  };
}

function required(variables: Variables, name: string): string {
  const value = variables[name];
  if (value) return value;
  throw new Error(`${name} is not set: the folder of that store. \`npm run dev\` gives one, and so does Lotse.`);
}

function wholeNumber(variables: Variables, name: string, otherwise: number, most: number): number {
  const value = variables[name];
  if (value === undefined || value === '') return otherwise;
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= most) return number;
  throw new Error(`${name} should be a whole number up to ${most}, not "${value}"`);
}
