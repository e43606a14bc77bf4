import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Artifact, BuildOrder, Builder } from './builders.ts';

/** A file with its text, an executable one, or a link with its target. */
export type SourceEntry = string | { readonly text: string; readonly mode: number } | { readonly link: string };

/** What a driver's test gives to the suite; one for each test, with a state of its own. */
export interface BuilderUnderTest {
  /**
   * `folders`: what is built is found in the source, and the same source always gives the same digest. `images`: a
   * Dockerfile says how, and an image holds the time at which it was made.
   */
  readonly builds: 'folders' | 'images';
  open(): Promise<Builder>;
  /** Packs a source; answers the path of the tar file. */
  pack(source: Readonly<Record<string, SourceEntry>>): Promise<string>;
  /** Builds in another operating-system process; `begun` resolves at its first line, `kill` is SIGKILL. */
  buildElsewhere(order: BuildOrder): Promise<{ readonly begun: Promise<void>; kill(): Promise<void> }>;
  dispose(): Promise<void>;
}

type Start = () => Promise<BuilderUnderTest>;

const waiting = { scripts: { build: 'node -e "console.log(\'waiting\'); setInterval(() => {}, 1e6)"' } };

/** Every builder passes this suite; a new driver is done when it does. */
export function builderContract(name: string, start: Start): void {
  describe(`${name}: the contract of builders`, () => {
    testDigests(start);
    testRuns(start);
    testFailures(start);
    testKeeping(start);
  });
}

function testDigests(start: Start): void {
  builderTest(
    start,
    'the same source gives the same digest under another key, and one artifact is kept',
    async (world) => {
      const first = await world.build('one', { 'server.js': 'hello' });
      const second = await world.build('two', { 'server.js': 'hello' });
      assert.match(first.digest, /^sha256:[0-9a-f]{64}$/);
      assert.deepEqual(second, first);
      assert.equal((await world.builder.list('shop')).length, 1);
    },
  );

  builderTest(start, 'content, modes, links and names each change the digest', async (world) => {
    const sources: readonly Readonly<Record<string, SourceEntry>>[] = [
      { 'a.js': 'hello' },
      { 'a.js': 'hello!' },
      { 'b.js': 'hello' },
      { 'a.js': { text: 'hello', mode: 0o755 } },
      { 'a.js': 'hello', 'b.js': { link: 'a.js' } },
      { 'a.js': 'hello', 'b.js': { link: 'c.js' } },
      // The cache of an engine looks at what a link leads to, not at how it is spelt.
      ...(world.setup.builds === 'images' ? [] : [{ 'a.js': 'hello', 'b.js': { link: './a.js' } }]),
    ];
    const digests: string[] = [];
    for (const [index, source] of sources.entries()) digests.push((await world.build(`key ${index}`, source)).digest);
    assert.equal(new Set(digests).size, sources.length);
  });

  builderTest(start, 'the platform is recorded', async (world) => {
    const artifact = await world.build('one', { 'server.js': 'hello' });
    const { platform, sizeBytes } = artifact;
    assert.equal(platform.os, process.platform);
    assert.equal(platform.cpu, process.arch);
    const isFolder = world.setup.builds === 'folders';
    assert.equal(platform.runtime, isFolder ? `node ${process.versions.node}` : 'container');
    assert.ok(isFolder ? sizeBytes === 5 : sizeBytes > 5);
    assert.equal(world.builder.unfit(artifact), null);
    const foreign = { ...artifact, platform: { ...platform, cpu: 'z80' } };
    assert.match(world.builder.unfit(foreign) ?? '', /z80/);
  });
}

function testRuns(start: Start): void {
  builderTest(start, 'the build script runs once per key, with declared variables only', async (world) => {
    const script = 'console.log(`sees ${process.env.GREETING} ${process.env.SECRET_OF_LOTSE}`)';
    const source = { 'package.json': json({ scripts: { build: 'node build.js' } }), 'build.js': script };
    process.env['SECRET_OF_LOTSE'] = 'leaked';
    await world.build('one', source, { variables: { GREETING: 'grüß "dich"' } });
    delete process.env['SECRET_OF_LOTSE'];
    assert.ok(world.lines.includes('sees grüß "dich" undefined'), world.lines.join('\n'));
    world.lines.length = 0;
    await world.build('one', source);
    assert.deepEqual(world.lines, []);
  });

  builderTest(start, 'two calls for one key at once are one build', async (world) => {
    const source = { 'package.json': json({ scripts: { build: 'node -e "console.log(\'ran\')"' } }) };
    const sourceTar = await world.setup.pack(source);
    const [one, two] = await Promise.all([world.run('one', sourceTar), world.run('one', sourceTar)]);
    assert.deepEqual(one, two);
    assert.equal(world.lines.filter((line) => line === 'ran').length, 1);
  });
}

function testFailures(start: Start): void {
  builderTest(start, 'a build that fails says so with its last lines, and nothing of it is kept', async (world) => {
    const source = {
      'package.json': json({ scripts: { build: 'node -e "console.error(\'the cause\'); process.exit(3)"' } }),
    };
    await assert.rejects(world.build('one', source), (error: { code: string; details: readonly string[] }) => {
      assert.equal(error.code, 'build-failed');
      assert.ok(error.details.includes('the cause'));
      return true;
    });
    assert.deepEqual(await world.builder.list('shop'), []);
  });

  builderTest(start, 'a command that is given builds instead of what is found, or is refused', async (world) => {
    if (world.setup.builds === 'images') {
      const building = world.build('one', { 'server.js': 'hello' }, { run: ['node', 'make.js'] });
      return await assert.rejects(building, { code: 'bad-input', message: /build\.run/ });
    }
    const scripts = { build: 'node -e "process.exit(1)"' };
    const source = { 'package.json': json({ scripts }), 'make.js': "require('fs').writeFileSync('made', 'by hand')" };
    await world.build('one', source, { run: ['node', 'make.js'] });
    assert.ok(world.lines.includes('node make.js'));
    assert.ok(!world.lines.includes('npm run build'));
  });

  builderTest(start, 'a cancelled build ends as a whole, and can be built again', async (world) => {
    const stop = new AbortController();
    const sourceTar = await world.setup.pack({ 'package.json': json(waiting) });
    const building = world.run('one', sourceTar, {
      signal: stop.signal,
      onLine: (line) => line === 'waiting' && stop.abort(),
    });
    await assert.rejects(building, { code: 'cancelled' });
    await world.build('one', { 'server.js': 'hello' });
  });

  builderTest(start, 'a build that takes longer than its time is ended', async (world) => {
    await assert.rejects(world.build('one', { 'package.json': json(waiting) }, { withinMs: 1500 }), {
      code: 'timeout',
    });
  });

  builderTest(start, 'a source that is no tar file is refused', async (world) => {
    await assert.rejects(world.run('one', process.execPath), { code: 'bad-input' });
    await assert.rejects(world.run('one', '/no/such/file.tar'), { code: 'bad-input' });
  });

  builderTest(
    start,
    'a build whose control plane was killed in the middle is built again from nothing',
    async (world) => {
      const sourceTar = await world.setup.pack({
        'package.json': json({ scripts: { build: 'node build.js' } }),
        // Waits as long as nobody says otherwise, and leaves something behind.
        'build.js':
          "require('fs').writeFileSync('half', 'x'); console.log('waiting'); if (!process.env.GO) setInterval(() => {}, 1e6); else require('fs').unlinkSync('half')",
      });
      const elsewhere = await world.setup.buildElsewhere(world.order('one', sourceTar));
      await elsewhere.begun;
      await elsewhere.kill();
      assert.deepEqual(await world.builder.list('shop'), []);
      const artifact = await world.run('one', sourceTar, { variables: { GO: '1' } });
      assert.deepEqual(await world.builder.find(artifact.digest), artifact);
    },
  );
}

function testKeeping(start: Start): void {
  builderTest(start, 'artifacts are found again by the next builder on the same state', async (world) => {
    const artifact = await world.build('one', { 'server.js': 'hello' });
    const next = await world.setup.open();
    assert.deepEqual(await next.find(artifact.digest), artifact);
    assert.deepEqual(await next.list('shop'), [artifact]);
    assert.equal(await next.find(`sha256:${'0'.repeat(64)}`), null);
    assert.deepEqual(await next.list('other'), []);
  });

  builderTest(start, 'collect removes what is not to be kept, of this app only', async (world) => {
    const kept = await world.build('one', { 'server.js': 'one' });
    const old = await world.build('two', { 'server.js': 'two' });
    const foreign = await world.build('three', { 'server.js': 'three' }, { app: 'other' });
    assert.deepEqual(await world.builder.collect('shop', [kept.digest]), [old.digest]);
    assert.equal(await world.builder.find(old.digest), null);
    assert.deepEqual(await world.builder.list('shop'), [kept]);
    assert.deepEqual(await world.builder.find(foreign.digest), foreign);
    const again = await world.build('two', { 'server.js': 'two' });
    if (world.setup.builds === 'folders') assert.equal(again.digest, old.digest);
    assert.deepEqual(await world.builder.find(again.digest), again);
  });
}

type Change = Partial<BuildOrder> & { readonly signal?: AbortSignal; readonly onLine?: (line: string) => unknown };

class BuilderWorld {
  readonly setup: BuilderUnderTest;
  readonly builder: Builder;
  readonly lines: string[] = [];

  constructor(setup: BuilderUnderTest, builder: Builder) {
    this.setup = setup;
    this.builder = builder;
  }

  order(key: string, sourceTar: string, change: Change = {}): BuildOrder {
    const { signal: _, onLine: __, ...order } = change;
    const usual = { app: 'shop', roots: ['.'], run: null, variables: {}, withinMs: 60_000, memoryBytes: null };
    return { ...usual, key, sourceTar, ...order };
  }

  async build(key: string, source: Readonly<Record<string, SourceEntry>>, change: Change = {}): Promise<Artifact> {
    return await this.run(key, await this.setup.pack(source), change);
  }

  async run(key: string, sourceTar: string, change: Change = {}): Promise<Artifact> {
    const onLine = (line: string): void => {
      this.lines.push(line);
      change.onLine?.(line);
    };
    return await this.builder.build(
      this.order(key, sourceTar, change),
      onLine,
      change.signal ?? new AbortController().signal,
    );
  }
}

function builderTest(start: Start, title: string, body: (world: BuilderWorld) => Promise<void>): void {
  test(title, { timeout: 180_000 }, async () => {
    const setup = await start();
    try {
      await body(new BuilderWorld(setup, await setup.open()));
    } finally {
      await setup.dispose();
    }
  });
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
