'use strict';
// The options of a run: each is a flag of 'hookproof check', written as JavaScript does (hookCalls is --hook-calls).

const text = (value) => typeof value === 'string' && value !== '';
const flag = (value) => typeof value === 'boolean';
const whole = (value) => (Number.isSafeInteger(value) || typeof value === 'bigint') && value >= 0;
const texts = (value) => text(value) || (Array.isArray(value) && value.length > 0 && value.every(text));
const kinds = new Map([
  [text, 'a text that is not empty'],
  [flag, 'true or false'],
  [whole, 'a whole number of 0 or more'],
  [texts, 'a text, or a list of texts, that is not empty'],
]);

const options = {
  target: text, url: text, secret: text, previousSecret: text, livemode: flag, apiVersion: text, allowHost: texts,
  only: texts, skip: texts, life: texts, seed: whole, profile: text, thorough: flag, budget: text, hookCalls: whole,
  baseline: text, json: text, junit: text, html: text, bodies: text,
};

// secrets go by the environment: other users of the machine can read arguments.
const secrets = { secret: 'HOOKPROOF_SECRET', previousSecret: 'HOOKPROOF_PREVIOUS_SECRET' };

// parse returns the arguments and the environment of the program. It throws a TypeError that names the option which is wrong.
function parse(given) {
  if (given === null || typeof given !== 'object') throw new TypeError("hookproof takes an object, such as {target: 'hookproof.json'}");
  if ((given.target === undefined) === (given.url === undefined)) {
    throw new TypeError("hookproof takes either {target: 'hookproof.json'} or {url: …, secret: …}");
  }
  const args = ['check'];
  const env = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const kind = Object.hasOwn(options, name) && options[name];
    if (!kind) throw new TypeError(`hookproof has no option ${name}; it has ${Object.keys(options).join(', ')}`);
    if (!kind(value)) throw new TypeError(`hookproof: ${name} takes ${kinds.get(kind)}, and not ${shown(value)}`);
    const named = '--' + name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
    if (Object.hasOwn(secrets, name)) {
      env[secrets[name]] = value;
      if (name !== 'secret') args.push(`${named}=`);
    } else {
      for (const one of [value].flat()) args.push(`${named}=${one}`);
    }
  }
  return { args, env };
}

const shown = (value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value));

module.exports = { parse };
