// node rubric.mjs RUBRIC.yml FILE.crjson…: how each crJSON document keeps the rules of a C2PA asset rubric, as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The packages lie in the folder of judges, not beside this file.
const require = createRequire(pathToFileURL(`${process.env.JUDGES}/package.json`));
const { default: JsonFormula } = await import(
  pathToFileURL(`${process.env.JUDGES}/node_modules/@adobe/json-formula/src/json-formula.js`)
);
const { loadAll } = require('js-yaml');

const [rubric, ...files] = process.argv.slice(2);
const [head, rules] = loadAll(readFileSync(rubric, 'utf8'));
const globals = { ...head.variables, $expected_spec_version: '2.4' };

function judge(document) {
  const functions = {};
  const search = (expression, args) => new JsonFormula(functions, null, [])
    .search(expression, document, args ? { ...globals, $args: args } : globals);
  for (const [name, expression] of Object.entries(head.expressions)) {
    functions[name] = { _func: (args) => search(expression, args), _signature: [{ types: [1], optional: true }] };
  }
  return Object.fromEntries(rules.map((rule) => {
    const found = search(rule.expression);
    const matched = Array.isArray(found) ? found.length > 0 : Boolean(found);
    const wanted = !(rule.failIfMatched || rule.warnIfMatched);
    return [rule.id.replace('validation:', ''), matched === wanted];
  }));
}

console.log(JSON.stringify(files.map((file) => judge(JSON.parse(readFileSync(file, 'utf8'))))));
