import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CertificateView, DevelopmentRootView } from '../../capabilities/certificates/certificates-api.ts';
import { LotseError } from '../../core/errors.ts';
import { certificateRow, problemLines } from '../certificate-lines.ts';
import type { Client } from '../client.ts';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { formatTime } from '../output.ts';

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

/** How often is asked whether a renewal is over, in milliseconds. */
const pollMs = 500;

export function certificatesCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse certificates', 'names, until when, and what keeps the next one away'],
      ['lotse certificates renew shop.example', 'ask for the next one now'],
      ['lotse certificates trust', 'how to trust the development CA of this Lotse'],
    ],
    { ok: 'done', errors },
  );
  withConnection(command).action(async (options: ConnectionOptions) => await list(context, options));
  describeRenew(command.command('renew').summary('ask for the next certificate now'), context);
  describeTrust(command.command('trust').summary('how to trust the development CA'), context);
}

async function list(context: Context, options: ConnectionOptions): Promise<void> {
  const { tlsPort, certificates } = await controlPlaneCalls.certificates(connect(context, options));
  const { out } = context;
  if (out.isJson) return out.json({ tlsPort, certificates });
  if (tlsPort === null) {
    return out.line('Nothing is served by TLS: start the control plane with `-- --front-tls-port 443`.');
  }
  if (certificates.length === 0) return out.line('No environment wants a certificate yet.');
  out.table(
    ['names', 'environment', 'from', 'until', 'renewal'],
    certificates.map((certificate) => certificateRow(certificate, out)),
  );
  out.lines(problemLines(certificates, out, Date.now()));
}

function describeRenew(command: Command, context: Context): void {
  command
    .description('Ask for the next certificate now, and wait until it is there.')
    .argument('<name>', 'one of its names');
  withConnection(command);
  withHelp(command, [['lotse certificates renew shop.example', '']], {
    ok: 'it is served',
    errors: [...errors, 'conflict'],
  });
  command.action(async (name: string, options: ConnectionOptions, own: Command) => {
    const client = connect(context, { ...options, ...own.optsWithGlobals<ConnectionOptions>() });
    const { out } = context;
    const begun = await controlPlaneCalls.renewCertificate(client, name);
    if (!out.isJson) out.note(`Asking for the next certificate of ${begun.name} …`);
    const ended = await untilInterrupted(context, (signal) => untilOver(client, begun.name, signal));
    if (ended.problem !== null) {
      const hint = ended.hint === null ? {} : { hint: ended.hint };
      throw new LotseError('conflict', ended.problem, hint);
    }
    if (out.isJson) return out.json(ended);
    out.line(`${ended.names.join(', ')}: until ${ended.validUntil === null ? 'now' : formatTime(ended.validUntil)}.`);
  });
}

async function untilOver(client: Client, name: string, signal: AbortSignal): Promise<CertificateView> {
  for (;;) {
    const { certificates } = await controlPlaneCalls.certificates(client);
    const found = certificates.find((each) => each.name === name);
    if (found === undefined) throw new LotseError('not-found', `Nobody wants a certificate for ${name} any more.`);
    if (!found.trying) return found;
    await sleep(pollMs, undefined, { signal }).catch(() => {
      throw new LotseError('cancelled', 'The control plane goes on asking: `lotse certificates` says how it went.');
    });
  }
}

function describeTrust(command: Command, context: Context): void {
  command
    .description('Say how to trust the development CA of this Lotse. Nothing is changed on this machine.')
    .option('--pem', 'print the root itself, to be written to a file');
  withConnection(command);
  withHelp(
    command,
    [
      ['lotse certificates trust', 'for browsers, curl and Node'],
      ['lotse certificates trust --pem > lotse-root.pem', 'on another machine than the control plane'],
    ],
    { ok: 'said', errors },
  );
  command.action(async (options: ConnectionOptions & { readonly pem?: true }, own: Command) => {
    const root = await controlPlaneCalls.developmentRoot(connect(context, own.optsWithGlobals<ConnectionOptions>()));
    const { out } = context;
    if (out.isJson) return out.json(root);
    if (options.pem === true) return out.line(root.certificatePem.trimEnd());
    out.lines(trustLines(root));
  });
}

function trustLines({ file, fingerprint, validUntil }: DevelopmentRootView): readonly string[] {
  return [
    `The root of the development CA lies in ${file}`,
    `on the machine of the control plane. SHA-256 ${fingerprint}`,
    `It lasts until ${formatTime(validUntil)}. Trust it on machines that you develop on, and nowhere else:`,
    'whoever has its key, which lies beside it, can pretend to be any site there.',
    '',
    `Debian, Ubuntu    cp ${file} /usr/local/share/ca-certificates/lotse.crt && update-ca-certificates`,
    `Fedora            cp ${file} /etc/pki/ca-trust/source/anchors/lotse.pem && update-ca-trust`,
    `macOS             security add-trusted-cert -d -k /Library/Keychains/System.keychain ${file}`,
    'Firefox           Settings, Certificates, Authorities, Import',
    `curl              curl --cacert ${file} …`,
    `Node              NODE_EXTRA_CA_CERTS=${file} node …`,
  ];
}
