#!/usr/bin/env node
'use strict';
// Runs the program of this platform, with the arguments, standard streams, signals and exit code of its own.

const { spawn } = require('node:child_process');
const { program } = require('../program.js');

function fail(message) {
  console.error(`hookproof: ${message}`);
  process.exit(2);
}

let path;
try {
  path = program();
} catch (err) {
  fail(err.message);
}
// The name by which it was called is that of the commands that reports show.
const argv0 = process.env.npm_command ? 'npx hookproof' : 'hookproof';
const child = spawn(path, process.argv.slice(2), { stdio: 'inherit', argv0 });
child.on('error', (err) => fail(`${path} cannot be run: ${err.message}`));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Windows has no signals: Ctrl-C reaches the program by itself, and kill would end it before it has stopped what it started.
    if (process.platform !== 'win32') child.kill(signal);
  });
}
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
