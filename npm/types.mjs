// Makes the types of the package of the JSON schemas of a report and of a target file:
//
//   node types.mjs           writes hookproof/report.d.ts and hookproof/target.d.ts
//   node types.mjs --check   fails if they are others
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const schemas = {
  Report: ['../hookproof/report/report.schema.json', 'hookproof/report.d.ts'],
  Target: ['../fixtures/schema/target.schema.json', 'hookproof/target.d.ts'],
};

const here = (path) => new URL(path, import.meta.url);

let stale = false;
for (const [name, [schema, file]] of Object.entries(schemas)) {
  const document = JSON.parse(await readFile(here(schema), 'utf8'));
  document.title = name;
  delete document.$id;
  const types = await compile(document, name, {
    bannerComment: `// Made by npm run types, of ${schema.replace('../', '')}.`,
    strictIndexSignatures: true,
    unreachableDefinitions: false,
    cwd: here('.').pathname,
  });
  if (process.argv.includes('--check')) {
    stale ||= types !== await readFile(here(file), 'utf8');
  } else {
    await writeFile(here(file), types);
  }
}
if (stale) {
  console.error('the types in npm/hookproof are not those of the schemas: run npm run types in npm/');
  process.exit(1);
}
