import { z } from 'zod';

/** Shapes of the routes about certificates. Times are unix milliseconds. */

const nullableText = z.string().nullable();
const nullableTime = z.number().nullable();

export const certificate = z
  .object({
    name: z.string().meta({ description: 'The first of its names: what it is called' }),
    names: z.array(z.string()),
    app: z.string(),
    environment: z.string(),
    issuer: z.enum(['acme', 'local', 'files']),
    state: z
      .enum(['served', 'waiting', 'ended'])
      .meta({ description: 'waiting: there is none yet; ended: it is served all the same, and browsers warn' }),
    fingerprint: nullableText.meta({ description: 'SHA-256, hex' }),
    validFrom: nullableTime,
    validUntil: nullableTime,
    renewAt: nullableTime.meta({ description: 'When Lotse asks for the next one; null: somebody else renews it' }),
    trying: z.boolean().meta({ description: 'The next one is being asked for' }),
    problem: nullableText.meta({ description: 'Why the next one did not come' }),
    hint: nullableText,
    failures: z.number().int(),
    nextTryAt: nullableTime,
  })
  .meta({ id: 'Certificate', description: 'A certificate that an environment wants, and how getting it goes' });

export const certificateList = z
  .object({
    tlsPort: z.number().int().nullable().meta({ description: 'Null: the control plane was started without TLS' }),
    certificates: z.array(certificate),
  })
  .meta({ id: 'CertificateList' });

export const developmentRoot = z
  .object({
    certificatePem: z.string(),
    file: z.string().meta({ description: 'Where it lies on the machine of the control plane' }),
    fingerprint: z.string().meta({ description: 'SHA-256, hex' }),
    validUntil: z.number(),
  })
  .meta({ id: 'DevelopmentRoot', description: 'The root of the development CA of this control plane; never its key' });

export type CertificateView = z.infer<typeof certificate>;
export type CertificateListView = z.infer<typeof certificateList>;
export type DevelopmentRootView = z.infer<typeof developmentRoot>;

export const certificateRoutes = {
  listCertificates: 'GET /certificates',
  /** Asks for the next one now; the list says how it goes. */
  renewCertificate: 'POST /certificates/:name/renewal',
  getDevelopmentRoot: 'GET /development-root',
} as const;
