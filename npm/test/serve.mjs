// Serves the shop until it is stopped, with what is given as broken, and prints its target file in one line:
//
//   node serve.mjs [once|signature]
import { start, target } from './endpoint.mjs';

const { url } = await start(process.argv[2]);
console.log(JSON.stringify(JSON.parse(target(url))));
