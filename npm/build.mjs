// Builds the npm packages: hookproof, and one with the program for each platform, as tarballs.
//
//   node build.mjs --version 1.2.3 --out DIR [--dist DIR] [--platform NAME|current]
//
// It compiles the programs with Go, or takes those that goreleaser has put into --dist. --platform builds the package of that
// platform only, beside hookproof itself.
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);

// limit is how large a platform's tarball may be. A first npx waits for it.
export const limit = 9_000_000;

// platforms are Node's names, and Go's.
export const platforms = [
  { os: 'linux', cpu: 'x64', goos: 'linux', goarch: 'amd64' },
  { os: 'linux', cpu: 'arm64', goos: 'linux', goarch: 'arm64' },
  { os: 'darwin', cpu: 'x64', goos: 'darwin', goarch: 'amd64' },
  { os: 'darwin', cpu: 'arm64', goos: 'darwin', goarch: 'arm64' },
  { os: 'win32', cpu: 'x64', goos: 'windows', goarch: 'amd64' },
  { os: 'win32', cpu: 'arm64', goos: 'windows', goarch: 'arm64' },
].map((one) => ({ ...one, name: `${one.os}-${one.cpu}` }));

// compiled puts the program of a platform at a path, made by Go as .goreleaser.yaml has it made.
async function compiled({ goos, goarch }, path, version) {
  const env = { ...process.env, CGO_ENABLED: '0', GOOS: goos, GOARCH: goarch };
  await run('go', ['build', '-trimpath', '-buildvcs=false', '-tags', 'release', '-ldflags', `-s -w -buildid= -X main.version=v${version}`, '-o', path, './cmd/hookproof'], { cwd: repository, env });
}

// released puts the program of a platform at a path, from goreleaser's folder.
async function released({ goos, goarch }, path, dist) {
  const artifacts = JSON.parse(await readFile(join(dist, 'artifacts.json'), 'utf8'));
  const found = artifacts.filter((a) => a.type === 'Binary' && a.goos === goos && a.goarch === goarch && /^hookproof(\.exe)?$/.test(a.name));
  if (found.length !== 1) throw new Error(`${dist} has ${found.length} programs hookproof for ${goos}/${goarch}, and should have one`);
  await copyFile(resolve(dirname(resolve(dist)), found[0].path), path); // which is from where goreleaser was run
}

// origin is where the packages are built, which npm compares with a provenance; nothing elsewhere than in a workflow.
const origin = process.env.GITHUB_REPOSITORY && { repository: { type: 'git', url: `git+https://github.com/${process.env.GITHUB_REPOSITORY}.git` } };

// write makes a package's folder: its package.json, its licence, and the rest of it.
async function write(folder, manifest) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, ...origin }, null, 2) + '\n');
  await copyFile(join(repository, 'LICENSE'), join(folder, 'LICENSE'));
}

async function pack(folder, out) {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', out], { cwd: folder, shell: process.platform === 'win32' });
  const [{ filename }] = JSON.parse(stdout);
  return join(out, filename);
}

// build returns the tarballs, that of hookproof itself last.
export async function build({ version, out, dist, platform }) {
  const names = platforms.map((one) => one.name);
  const wanted = platform === 'current' ? `${process.platform}-${process.arch}` : platform;
  const chosen = platforms.filter((one) => !wanted || one.name === wanted);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? '')) throw new Error(`--version takes a version such as 1.2.3, and not ${version}`);
  if (!out) throw new Error('--out takes the folder for the tarballs');
  if (chosen.length === 0) throw new Error(`--platform takes one of ${names.join(', ')}, or current, and not ${wanted}`);
  out = resolve(out);
  await mkdir(out, { recursive: true });
  const source = JSON.parse(await readFile(join(here, 'hookproof', 'package.json'), 'utf8'));
  const { description, license, engines } = source;
  const tarballs = [];
  for (const one of chosen) {
    const folder = join(out, one.name);
    await rm(folder, { recursive: true, force: true });
    await write(folder, { name: `@hookproof/${one.name}`, version, description: `hookproof's program for ${one.name}`, license, engines, os: [one.os], cpu: [one.cpu], files: ['bin'], preferUnplugged: true });
    const program = join(folder, 'bin', one.os === 'win32' ? 'hookproof.exe' : 'hookproof');
    await mkdir(dirname(program), { recursive: true });
    await (dist ? released(one, program, dist) : compiled(one, program, version));
    await chmod(program, 0o755);
    const tarball = await pack(folder, out);
    const { size } = await stat(tarball);
    console.log(`${(size / 1e6).toFixed(2)} MB  ${tarball}`);
    if (size > limit) throw new Error(`${tarball} has ${size} bytes, more than the ${limit} that a platform's package may have`);
    tarballs.push(tarball);
  }
  const folder = join(out, 'hookproof');
  await rm(folder, { recursive: true, force: true });
  await cp(join(here, 'hookproof'), folder, { recursive: true });
  const optionalDependencies = Object.fromEntries(names.map((name) => [`@hookproof/${name}`, version]));
  await write(folder, { ...source, version, description, optionalDependencies });
  tarballs.push(await pack(folder, out));
  return tarballs;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const text = { type: 'string' };
    const { values } = parseArgs({ options: { version: text, out: text, dist: text, platform: text } });
    await build(values);
  } catch (err) {
    console.error(`build: ${err.stderr || err.message}`);
    process.exit(2);
  }
}
