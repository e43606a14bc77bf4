import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** The root of the development CA of one state folder. */
export interface LocalRoot {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Where the certificate lies, for people who want to trust it. */
  readonly file: string;
}

const day = 86_400_000;
const rootDays = 3650;
const leafDays = 90;
/** A root that ends before its leaves would is replaced. */
const leastRestDays = leafDays + 1;
/** Clocks are not the same everywhere, in milliseconds. */
const backdatedMs = 3_600_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes the root when there is none: `root.pem` and `root.key` (0600) in a folder of their own (0700). */
export async function keptLocalRoot(folder: string, now: () => number): Promise<LocalRoot> {
  const file = join(folder, 'root.pem');
  const [certificatePem, keyPem] = await Promise.all(
    [file, join(folder, 'root.key')].map((each) => readFile(each, 'utf8').catch(() => null)),
  );
  if (certificatePem != null && keyPem != null && lastsUntil(certificatePem) > now() + leastRestDays * day) {
    return { certificatePem, keyPem, file };
  }
  const made = await makeRoot(now());
  const scratch = `${folder}.new-${randomBytes(4).toString('hex')}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await writeFile(join(scratch, 'root.pem'), made.certificatePem, { mode: 0o644, flush: true });
  await writeFile(join(scratch, 'root.key'), made.keyPem, { mode: 0o600, flush: true });
  await chmod(scratch, 0o700);
  await rm(folder, { recursive: true, force: true });
  await rename(scratch, folder);
  return { ...made, file };
}

function lastsUntil(certificatePem: string): number {
  try {
    return Date.parse(new X509Certificate(certificatePem).validTo);
  } catch {
    return 0;
  }
}

async function makeRoot(nowMs: number): Promise<Omit<LocalRoot, 'file'>> {
  const x509 = await loadX509();
  const { keys, keyPem } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Lotse development CA ${hostname()}`] }, { O: ['Lotse development CA'] }],
    serialNumber: newSerial(),
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + rootDays * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem };
}

/** A certificate for these names, signed by the root, for 90 days. */
export async function signLeaf(root: LocalRoot, names: readonly string[], nowMs: number) {
  const x509 = await loadX509();
  const { keys, keyPem } = await newKeys();
  const issuer = new x509.X509Certificate(root.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [(names[0] ?? '').slice(0, 64)] }],
    issuer: issuer.subjectName,
    serialNumber: newSerial(),
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + leafDays * day),
    publicKey: keys.publicKey,
    signingKey: await importKey(root.keyPem),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { chainPem: `${certificate.toString('pem')}\n`, keyPem };
}

/** Loaded when it is needed: it takes some 20 MB. */
async function loadX509() {
  return await import('@peculiar/x509');
}

/** Positive and unguessable (RFC 5280 section 4.1.2.2). */
function newSerial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

async function newKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: algorithm.namedCurve });
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const jwk = privateKey.export({ format: 'jwk' });
  const { d: _, ...publicJwk } = jwk;
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']);
  return { keys: { privateKey: await importKey(keyPem), publicKey }, keyPem };
}

async function importKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  return await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']);
}
