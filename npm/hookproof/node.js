'use strict';
// A test for each check, for node:test and for Vitest.

const { check } = require('./check.js');

// hookproof judges an endpoint and registers a test for each check. It is called at the top of a test file.
async function hookproof(options) {
  const { describe, test } = await runner();
  let run;
  try {
    run = await check(options);
  } catch (err) {
    if (err instanceof TypeError) throw err;
    run = { said: err.message };
  }
  const { report, said } = run;
  const several = new Set(report?.findings.map((f) => f.life)).size > 1;
  describe('hookproof', () => {
    for (const f of report?.findings ?? []) {
      test(several ? `${f.life}/${f.check}` : f.check, (t) => {
        if (f.verdict === 'fail') throw failure(`${f.because ? `explained by ${f.because}, so fix that first: ` : ''}${f.why}\n\n${f.text}`);
        if (f.verdict === 'known') t.skip(`known to fail: ${f.why}`);
        if (f.verdict === 'not-run') t.skip(f.why);
      });
    }
    // No evidence is never a pass: this test fails where the run could not judge what it should have.
    test('the run', () => {
      if (said) throw failure(said);
    });
  });
  return report;
}

// runner is the test runner that runs this file.
async function runner() {
  return process.env.VITEST ? import('vitest') : import('node:test');
}

// failure is an error without a stack: no line of JavaScript is at fault.
function failure(message) {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}

module.exports = { hookproof };
