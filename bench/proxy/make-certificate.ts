import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.ts';
import { hostName, type Certificate } from './contestant.ts';
import { makeFolder } from './started-program.ts';

/** A certificate that nobody trusts, with a key on P-256. Null when there is no openssl. */
export async function makeCertificate(): Promise<Certificate | null> {
  const program = await findProgram('openssl');
  if (program === null) return null;
  const folder = await makeFolder('certificate');
  const [chain, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
  try {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const about = ['-subj', `/CN=${hostName}`, '-addext', `subjectAltName=DNS:${hostName}`];
    await promisify(execFile)(program, ['req', ...kind, ...about, '-out', chain, '-keyout', key]);
    return { chainPem: await readFile(chain, 'utf8'), keyPem: await readFile(key, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
