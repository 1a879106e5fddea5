'use strict';
// Finds the program: a static binary, in the package of this platform, which npm installs as an optional dependency.

const { optionalDependencies = {} } = require('./package.json');

const wanted = `@hookproof/${process.platform}-${process.arch}`;
const file = process.platform === 'win32' ? 'hookproof.exe' : 'hookproof';

// program returns the program's path. What it throws says in one sentence what to do.
function program() {
  if (process.env.HOOKPROOF_BINARY) return process.env.HOOKPROOF_BINARY;
  if (!(wanted in optionalDependencies)) {
    const known = Object.keys(optionalDependencies).map((name) => name.slice('@hookproof/'.length));
    throw new Error(`there is no package for ${process.platform}-${process.arch}, only for ${known.join(', ')}; ` +
      'build the program from its sources with Go, and put its path into HOOKPROOF_BINARY');
  }
  try {
    return require.resolve(`${wanted}/bin/${file}`);
  } catch {
    throw new Error(`the package ${wanted}, which has the program for this machine, is not installed; ` +
      'run npm install --include=optional on this machine (a node_modules of another one lacks it), or put the path of a hookproof into HOOKPROOF_BINARY');
  }
}

module.exports = { program };
