// A project of a user's, in a folder of its own, with the packages installed from the tarballs that npm run pretest has built, and no
// Go in PATH.
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const packages = new URL('../../build/npm/', import.meta.url).pathname;
const tarballs = ['hookproof', `hookproof-${process.platform}-${process.arch}`].map((name) => join(packages, `${name}-0.0.0-test.tgz`));

export const modules = new URL('../node_modules/', import.meta.url).pathname;

// install returns the project: its folder, and what runs and writes in it.
export async function install() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hookproof-npm-')));
  const bin = join(folder, '..bin');
  const project = join(folder, 'shop');
  await mkdir(bin);
  await mkdir(project);
  const npm = join(dirname(process.execPath), 'npm');
  for (const [name, path] of Object.entries({ node: process.execPath, npm, npx: npm.replace(/npm$/, 'npx'), sh: '/bin/sh' })) {
    await symlink(await realpath(path), join(bin, name));
  }
  const env = { ...process.env, PATH: bin };
  for (const name of Object.keys(env)) {
    if (/^(npm_|NODE_|HOOKPROOF_|VITEST)/i.test(name) && !/^npm_config_cache$/i.test(name)) delete env[name];
  }
  const write = async (name, text, mode) => {
    await writeFile(join(project, name), text);
    if (mode) await chmod(join(project, name), mode);
    return join(project, name);
  };
  await write('package.json', '{"private": true}\n');
  await promisify(execFile)('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], { cwd: project, env });
  await symlink(join(modules, 'vitest'), join(project, 'node_modules', 'vitest'));

  // run runs a command in the project; each is a child that can be sent a signal.
  const run = (command, args, { input = '', extra = {}, onOutput } = {}) => new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: project, env: { ...env, ...extra } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => { out += text; onOutput?.(out, child); });
    child.stderr.setEncoding('utf8').on('data', (text) => { err += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
  });
  return { folder, project, write, run, remove: () => rm(folder, { recursive: true, force: true }) };
}
