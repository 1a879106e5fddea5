import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { secret, start, target } from './endpoint.mjs';
import { install, modules } from './installed.mjs';

const launcher = 'node_modules/hookproof/bin/hookproof.js';
const only = 'idempotence/redelivered,authenticity/wrong-secret,faults/killed';

let shop, correct, broken;
before(async () => {
  shop = await install();
  correct = await start();
  broken = await start('once');
  await shop.write('correct.json', target(correct.url));
  await shop.write('broken.json', target(broken.url));
});
after(async () => {
  correct?.close();
  broken?.close();
  await shop?.remove();
});

// standIn is a program that is run instead of hookproof.
const standIn = (name, text) => shop.write(name, `#!/usr/bin/env -S ${process.execPath}\n${text}\n`, 0o755);

describe('the installed package', { concurrency: 6 }, () => {
  describe('the launcher', { concurrency: true }, () => {
    test('there is no Go', async () => {
      const { code } = await shop.run('sh', ['-c', 'command -v go']);
      assert.notEqual(code, 0);
    });

    test('npx gives a verdict on an endpoint that is right', async () => {
      const { code, out, err } = await shop.run('npx', ['hookproof', 'check', '--target', 'correct.json', '--only', only]);
      assert.equal(code, 0, err);
      assert.match(out, /^PASSED as far as can be seen without access to its database: 2 of 3 checks;\s+not judged:\s+faults$/m);
    });

    test('npx gives a verdict on one that is not, with the command as it was typed', async () => {
      const { code, out, err } = await shop.run('npx', ['hookproof', 'check', '--target', 'broken.json', '--only', only]);
      assert.equal(code, 1, err);
      assert.match(out, /^FAILED: 1 check failed of 2 judged/m);
      assert.match(out, /^ +npx hookproof check --target broken\.json .*--only idempotence\/redelivered --seed \d+$/m);
    });

    test('what it cannot judge is exit code 2', async () => {
      const { code, err } = await shop.run('npx', ['hookproof', 'check', '--target', 'nowhere.json']);
      assert.equal(code, 2);
      assert.match(err, /^hookproof: .*nowhere\.json/m);
    });

    test('arguments, standard streams and exit code are the program’s', async () => {
      const program = await standIn('echo', `
        process.stdin.toArray().then((input) => {
          console.log(JSON.stringify(process.argv.slice(2)), String(Buffer.concat(input)));
          console.error('told');
          process.exitCode = 7;
        });`);
      const { code, out, err } = await shop.run('node', [launcher, 'a b', '--c=*', ''], { input: 'given', extra: { HOOKPROOF_BINARY: program } });
      assert.deepEqual({ code, out, err }, { code: 7, out: '["a b","--c=*",""] given\n', err: 'told\n' });
    });

    for (const signal of ['SIGINT', 'SIGTERM']) {
      test(`${signal} reaches the program`, async () => {
        const program = await standIn(`wait-${signal}`, `
          process.on('${signal}', () => { console.log('caught'); process.exit(3); });
          setTimeout(() => process.exit(9), 20_000); // and not 3
          console.log('ready');`);
        const onOutput = (out, child) => { if (out === 'ready\n') child.kill(signal); };
        const { code, out } = await shop.run('node', [launcher], { onOutput, extra: { HOOKPROOF_BINARY: program } });
        assert.deepEqual({ code, out }, { code: 3, out: 'ready\ncaught\n' });
      });
    }

    test('the signal that ends the program ends the launcher', async () => {
      const program = await standIn('killed', "process.kill(process.pid, 'SIGKILL');");
      const { signal } = await shop.run('node', [launcher], { extra: { HOOKPROOF_BINARY: program } });
      assert.equal(signal, 'SIGKILL');
    });

    test('a program that there is not is told', async () => {
      const { code, err } = await shop.run('node', [launcher], { extra: { HOOKPROOF_BINARY: '/nowhere/hookproof' } });
      assert.equal(code, 2);
      assert.match(err, /^hookproof: \/nowhere\/hookproof cannot be run: .*ENOENT\n$/);
    });

    test('without the platform’s package it says what to do', async () => {
      const alone = join('alone', 'node_modules', 'hookproof');
      await cp(join(shop.project, 'node_modules', 'hookproof'), join(shop.folder, alone), { recursive: true });
      const { code, err } = await shop.run('node', [join('..', alone, 'bin', 'hookproof.js'), 'check']);
      assert.equal(code, 2);
      assert.match(err, /^hookproof: the package @hookproof\/\S+, which has the program for this machine, is not installed; run npm install --include=optional/);
    });
  });

  // runners are how a test file is run, and what of its output names a test that passed, failed and was skipped.
  const runners = {
    'node:test': { file: (name) => `${name}.mjs`, args: (file) => ['--test', '--test-reporter=tap', file], env: {} },
    'node:test, CommonJS': { file: (name) => `${name}.cjs`, args: (file) => ['--test', '--test-reporter=tap', file], env: {}, commonJS: true },
    vitest: { file: (name) => `${name}.test.mjs`, args: (file) => [join(modules, 'vitest/vitest.mjs'), 'run', '--reporter=tap', file], env: { CI: 'true' } },
  };

  for (const [name, runner] of Object.entries(runners)) {
    describe(`hookproof/node in ${name}`, { concurrency: true }, () => {
      const run = async (file, options, extra = {}) => {
        const call = runner.commonJS
          ? `const { hookproof } = require('hookproof/node');\nhookproof(${options});\n`
          : `import { hookproof } from 'hookproof/node';\nawait hookproof(${options});\n`;
        const path = runner.file(file);
        await shop.write(path, call);
        return shop.run('node', runner.args(path), { extra: { ...runner.env, ...extra } });
      };
      const options = (file) => `{ target: '${file}.json', only: ${JSON.stringify(only.split(','))}, seed: 7 }`;

      test('an endpoint that is right passes', async () => {
        const { code, out, err } = await run('correct', options('correct'));
        assert.equal(code, 0, out + err);
        assert.match(out, /^ *ok \d+ - idempotence\/redelivered/m);
        assert.match(out, /^ *ok \d+ - faults\/killed # SKIP/m);
        assert.match(out, /^ *ok \d+ - the run/m);
        assert.doesNotMatch(out, /not ok/);
      });

      test('one that is not fails, with what was sent and what to do', async () => {
        const { code, out } = await run('broken', options('broken'));
        assert.equal(code, 1, out);
        assert.match(out, /^ *not ok \d+ - idempotence\/redelivered/m);
        assert.match(out, /^ *ok \d+ - authenticity\/wrong-secret/m);
        for (const part of ['after paid*2, /licences is 2 instead of 1', 'Fix: ', 'checkout.session.completed', '--only idempotence/redelivered --seed 7']) {
          assert.ok(out.includes(part), `${part} is missing in ${out}`);
        }
        assert.doesNotMatch(out, /^ +at /m); // no line of JavaScript is at fault
      });

      if (runner.commonJS) return; // the rest is the same

      test('what is known to fail is skipped', async () => {
        await shop.write('known.json', '{"version": 1, "known": [{"check": "idempotence/redelivered"}]}');
        const { code, out } = await run('known', options('broken').replace('}', ", baseline: 'known.json' }"));
        assert.equal(code, 0, out);
        assert.match(out, /^ *ok \d+ - idempotence\/redelivered # SKIP/m);
      });

      for (const [what, { text, told }] of Object.entries({
        'a crash': { text: "console.error('panic: out of memory'); process.exit(66);", told: 'hookproof ended with exit code 66 and wrote no report; it said: panic: out of memory' },
        'a signal': { text: "process.kill(process.pid, 'SIGKILL');", told: 'hookproof was ended by SIGKILL and wrote no report; it said: nothing' },
        'what cannot be judged': { text: "console.error('-- calibrate\\nhookproof: the target is away'); process.exit(2);", told: 'the target is away' },
      })) {
        test(`${what} is one failure`, async () => {
          const program = await standIn(`ends-by-${what.replaceAll(' ', '-')}`, text);
          const { code, out } = await run('crash', options('correct'), { HOOKPROOF_BINARY: program });
          assert.equal(code, 1, out);
          assert.match(out, /^ *not ok \d+ - the run/m);
          assert.ok(out.includes(told), `${told} is missing in ${out}`);
        });
      }
    });
  }
});

test('a wrong option is told', async () => {
  for (const [options, told] of Object.entries({
    '': "hookproof takes an object, such as {target: 'hookproof.json'}",
    '{}': "hookproof takes either {target: 'hookproof.json'} or {url: …, secret: …}",
    "{ target: 'a', url: 'b' }": "hookproof takes either {target: 'hookproof.json'} or {url: …, secret: …}",
    "{ target: 'a', checks: ['order'] }": 'hookproof has no option checks; it has target, url,',
    "{ target: 'a', seed: -1 }": 'hookproof: seed takes a whole number of 0 or more, and not -1',
    "{ target: 'a', only: [] }": 'hookproof: only takes a text, or a list of texts, that is not empty, and not []',
    "{ target: 'a', thorough: 'yes' }": 'hookproof: thorough takes true or false, and not "yes"',
    "{ target: '' }": 'hookproof: target takes a text that is not empty, and not ""',
  })) {
    await shop.write('wrong.cjs', `require('hookproof/node').hookproof(${options}).catch((err) => console.log(err.name, err.message));`);
    const { out } = await shop.run('node', ['wrong.cjs']);
    assert.ok(out.startsWith(`TypeError ${told}`), out);
  }
});

test('a secret is no argument, which others could read', async () => {
  const program = await standIn('secretive', "console.error('hookproof: ' + process.argv.join(' ') + ' with ' + process.env.HOOKPROOF_SECRET); process.exit(2);");
  await shop.write('secret.cjs', `require('hookproof/node').hookproof({ url: '${correct.url}', secret: '${secret}' });`);
  const { out } = await shop.run('node', ['--test', '--test-reporter=tap', 'secret.cjs'], { extra: { HOOKPROOF_BINARY: program } });
  assert.match(out, /check --url=http:\S+ --json=\S+ with whsec_test/);
  assert.doesNotMatch(out, /--secret/);
});

test('the types take what the program does, and refuse what it does not', async () => {
  await shop.write('typed.mts', `
    import { hookproof, type Finding, type Report } from 'hookproof/node';
    const report: Report | undefined = await hookproof({ target: 'hookproof.json', only: ['order'], seed: 7, life: 'payment' });
    const failed: Finding[] = report?.findings.filter((f) => f.verdict === 'fail') ?? [];
    failed.map((f) => f.timeline?.map((row) => row.status + row.latencyMs));
    // @ts-expect-error: there is no such option
    hookproof({ target: 'hookproof.json', checks: [] });
    // @ts-expect-error: there is no such verdict
    report?.findings.filter((f) => f.verdict === 'good');
  `);
  const { code, out } = await shop.run('node', [join(modules, 'typescript/bin/tsc'), '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', 'typed.mts']);
  assert.equal(code, 0, out);
});
