'use strict';
// Runs 'hookproof check' once, and reads its report.

const { spawn } = require('node:child_process');
const { mkdtemp, readFile, rm } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { parse } = require('./options.js');
const { program } = require('./program.js');

// check returns the report, and what the program says beside it: why it could not judge, or could not judge all; '' is nothing. It
// throws a TypeError for a wrong option, and an Error where there is no report.
async function check(options) {
  const { args, env } = parse(options);
  const folder = await mkdtemp(join(tmpdir(), 'hookproof-'));
  try {
    const file = options.json ?? join(folder, 'report.json');
    if (options.json) await rm(file, { force: true }); // one of an earlier run would be read for this one's
    const { code, signal, stderr } = await run([...args, `--json=${file}`], env);
    const said = /^hookproof: ([^]*)$/m.exec(stderr)?.[1].trim() ?? '';
    const raw = await readFile(file, 'utf8').catch(() => '');
    if (raw && [0, 1, 2].includes(code)) return { report: JSON.parse(raw), said };
    const ended = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    throw new Error(code === 2 && said ? said : `hookproof ${ended} and wrote no report; it said: ${stderr.trim() || 'nothing'}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args, env) {
  return new Promise((resolve, reject) => {
    const path = program();
    // Without a standard input it asks for nothing.
    const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'], argv0: 'npx hookproof', env: { ...process.env, ...env } });
    const end = () => child.kill(); // a test runner that ends takes it along; it stops what it has started
    process.once('exit', end);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
    child.on('error', (err) => reject(new Error(`${path} cannot be run: ${err.message}`)));
    child.on('close', (code, signal) => {
      process.off('exit', end);
      resolve({ code, signal, stderr });
    });
  });
}

module.exports = { check };
