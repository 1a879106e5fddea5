import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build, limit, platforms } from '../build.mjs';

const run = promisify(execFile);
const npm = new URL('..', import.meta.url).pathname;

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'hookproof-build-')); });
after(() => rm(folder, { recursive: true, force: true }));

// released makes what goreleaser leaves, with programs of a size that no compression lowers.
async function released(name, size) {
  const artifacts = [{ name: 'hookproof_1.2.3_linux_amd64.tar.gz', path: 'dist/x.tar.gz', goos: 'linux', goarch: 'amd64', type: 'Archive' }];
  await mkdir(join(folder, name, 'dist'), { recursive: true });
  for (const { goos, goarch } of platforms) {
    const path = `dist/hookproof_${goos}_${goarch}`;
    await writeFile(join(folder, name, path), randomBytes(size));
    artifacts.push({ name: goos === 'windows' ? 'hookproof.exe' : 'hookproof', path, goos, goarch, type: 'Binary' });
  }
  await writeFile(join(folder, name, 'dist', 'artifacts.json'), JSON.stringify(artifacts));
  return join(folder, name, 'dist');
}

test('each platform has a package, with the program that goreleaser has built', async () => {
  const out = join(folder, 'out');
  const tarballs = await build({ version: '1.2.3', out, dist: await released('small', 100) });
  assert.equal(tarballs.length, platforms.length + 1);
  const main = JSON.parse(await readFile(join(out, 'hookproof', 'package.json'), 'utf8'));
  for (const { name, os, cpu, goos, goarch } of platforms) {
    const manifest = JSON.parse(await readFile(join(out, name, 'package.json'), 'utf8'));
    assert.deepEqual([manifest.name, manifest.version, manifest.os, manifest.cpu], [`@hookproof/${name}`, '1.2.3', [os], [cpu]]);
    assert.equal(main.optionalDependencies[manifest.name], '1.2.3');
    const { stdout } = await run('tar', ['-tvf', join(out, `hookproof-${name}-1.2.3.tgz`)]);
    assert.match(stdout, os === 'win32' ? /package\/bin\/hookproof\.exe$/m : /^-rwxr-xr-x .*package\/bin\/hookproof$/m);
    const program = join(out, name, 'bin', os === 'win32' ? 'hookproof.exe' : 'hookproof');
    assert.deepEqual(await readFile(program), await readFile(join(folder, 'small', `dist/hookproof_${goos}_${goarch}`)));
  }
});

test('a package that is too large is refused', async () => {
  await assert.rejects(build({ version: '1.2.3', out: join(folder, 'large'), platform: 'linux-x64', dist: await released('big', limit) }),
    /hookproof-linux-x64-1\.2\.3\.tgz has \d+ bytes, more than the 9000000 that a platform's package may have/);
});

test('what cannot be built is told', async () => {
  const out = join(folder, 'none');
  for (const [options, told] of [
    [{ out }, /--version takes a version such as 1\.2\.3/],
    [{ version: 'v1', out }, /--version takes a version/],
    [{ version: '1.2.3' }, /--out takes the folder/],
    [{ version: '1.2.3', out, platform: 'plan9-x64' }, /--platform takes one of linux-x64, .*and not plan9-x64/],
  ]) await assert.rejects(build(options), told);
  await assert.rejects(run('node', [join(npm, 'build.mjs'), '--verison', '1']), { code: 2, stderr: /^build: Unknown option '--verison'/ });
});

test('the types are those of the schemas', async () => {
  await run('node', ['types.mjs', '--check'], { cwd: npm });
});
