// Writes docs/reference/errors.md from the table of error codes. With --check nothing is written: exit status 1 when the
// page is not what would be written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describeErrorCode, errorCodes, type ErrorCode } from '../src/core/errors.ts';

/** What each code means and what to do, for people. A code without words does not compile. */
const words: Readonly<Record<ErrorCode, string>> = {
  'bad-input':
    'Something in the command or request is missing, misspelt or of the wrong form. The message names it; `lotse help COMMAND` lists what there is.',
  'manifest-invalid':
    '`lotse.yaml` does not follow the [schema](manifest.md). Each finding has its line, its column, what was expected, and the nearest valid key.',
  unauthenticated:
    'The request carried no credential, or one that is unknown, expired or revoked. Set `LOTSE_TOKEN`, or open a new sign-in link (`lotse sign-in`).',
  forbidden:
    'The credential is valid, but lacks the role, or is bound to another app or environment. [Gates](../guides/gates.md#approvals) has the table of roles.',
  'not-found':
    'The app, environment, release, job or file does not exist, or is not there any more. The message says which one, the hint which ones there are.',
  conflict:
    'The request is right, but not now: another rollout is under way, it has ended already, or the file is there already. `lotse status` shows how things stand.',
  'gate-closed':
    'A gate is not open. One that a person or time can open is waited for; the others refuse before anything is touched. See [gates](../guides/gates.md).',
  'not-proven':
    'The way back is not proven: an old artifact, config or revision is gone, or old and new do not fit side by side. Repair what is named, or pass the gate with `lotse override` and a reason.',
  quarantined:
    'The release was taken back before. Deploy a commit that repairs it, or pass the gate with a signed reason: [quarantine](../guides/rolling-back.md#quarantine).',
  'build-failed':
    'A command of the build failed, took too long, or used too much memory. The last lines of its output are in the message.',
  'verification-failed':
    "The app's own verification ended with another exit code than 0. The last lines of its output are in the message. See [verification](../guides/verification.md).",
  returned:
    'The rollout did not work out, and users have what they had before. The message names the step, the cause and the last log lines. See [rolling back](../guides/rolling-back.md).',
  stranded:
    'Neither the new release nor the one before can serve as it should. What is ready serves; where nothing is, the old release does as soon as it comes up. **A person is needed**: `lotse status`, `lotse logs`, then deploy a release that works.',
  'not-built-yet':
    'The schema knows this, and this version of Lotse cannot do it. It is refused rather than ignored. The message says what to do until then.',
  unreachable:
    'The control plane, the proxy or another part did not answer. The message names the address and where it comes from. Repeating may help.',
  timeout: 'Something took longer than it may. The message says what, and what it was still waiting for.',
  'port-taken':
    "Another program listens on the port. `ss -ltnp` names it; `--listen` and `--http` choose others for Lotse's own.",
  'disk-full':
    'The disk is full, and nothing was half written. What runs goes on. Free some space, then repeat the command.',
  locked:
    'Another control plane uses this state folder. Stop it, or choose another folder with `--state`. There is no lock file to delete: the lock ends with its process.',
  'fenced-off':
    'A newer control plane has taken over this state, so journal and proxy refuse the older one. It ends by itself; nothing needs repair.',
  'journal-damaged':
    'The journal was changed, cut, or cannot be read. Nothing is decided on it, and what runs goes on. See [a damaged journal](../guides/damaged-journal.md).',
  sealed:
    'The key of the vault is missing, is another one than the one that sealed the value, the value is damaged, or a store elsewhere is sealed. What runs goes on; nothing that needs the secret is started. See [secrets](../guides/secrets.md#the-key).',
  'state-too-new':
    'A newer Lotse has written this state, and this one does not know its form. Start the newer one, or restore a copy from before the upgrade (`control/before-migration/`).',
  'wrong-version':
    'The command line is more than one minor version older or newer than the control plane. The hint has the command that installs the right one. See [from your laptop](../guides/from-your-laptop.md#versions).',
  cancelled: 'Somebody stopped it: Ctrl-C, `lotse cancel`, or an aborted request.',
  internal:
    'This should not happen, and the fault is ours. `LOTSE_DEBUG=1` shows where it happened; please report it with the message.',
};

const file = join(import.meta.dirname, '..', 'docs', 'reference', 'errors.md');

function page(): string {
  const byExit = errorCodes.toSorted((a, b) => describeErrorCode(a).exit - describeErrorCode(b).exit);
  const rows = byExit.map((code) => {
    const { exit, status, title } = describeErrorCode(code);
    return `| ${exit} | [${code}](#${code}) | ${status} | ${title} |`;
  });
  const sections = byExit.map((code) => {
    const { exit, status, title } = describeErrorCode(code);
    return `## ${code}\n\n${title}. Exit code ${exit}, HTTP status ${status}.\n\n${words[code]}`;
  });
  return `<!-- Made by scripts/generate-errors-reference.ts from src/core/errors.ts. Do not edit. -->

# Errors and exit codes

Every error has a code. The code, its exit code and its HTTP status are a promise to scripts. On the command line the message says what was wrong and
where, and the line below it what to do. Over HTTP the answer is \`application/problem+json\` (RFC 9457).

Exit code 0 means that what was asked for holds, 1 that a check has found something (\`lotse doctor\`). \`lotse run\` hands on the exit code of the job.

| exit code | code | HTTP | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

${sections.join('\n\n')}
`;
}

const wanted = await format(page(), { ...(await resolveConfig(file)), filepath: file });
if (process.argv.includes('--check')) {
  if (readCurrent() !== wanted) {
    console.error('docs/reference/errors.md is missing or stale; run: node scripts/generate-errors-reference.ts');
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wanted);
}

function readCurrent(): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
