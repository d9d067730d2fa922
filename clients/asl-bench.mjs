// Runs the executions that the interpreter is measured with in the npm package
// aws-local-stepfunctions. Input: a JSON array of {name, definition, input,
// executions}. Output: {NAME: seconds}, of the best round.
//
//   node clients/asl-bench.mjs < rows.json
import { readFileSync } from "node:fs";
import { StateMachine } from "aws-local-stepfunctions";

// The package wants Node 22, of which it uses no more than this.
Promise.withResolvers ??= function () {
  const parts = {};
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const rounds = 3; // at least, and
const seconds = 1; // at least
const echo = async (input) => input;

async function run(row) {
  const definition = JSON.parse(row.definition);
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const options = { overrides: { taskResourceLocalHandlers: handlers(definition) } };
  // Each execution reads its input from text, as it would from a caller.
  const execution = () => machine.run(JSON.parse(row.input), options).result;
  await Promise.all(Array.from({ length: row.executions }, execution));
}

// handlers gives every Task the function that answers with its input. They are
// named by state.
function handlers(program, found = {}) {
  for (const [name, state] of Object.entries(program.States)) {
    if (state.Type === "Task") found[name] = echo;
    if (state.ItemProcessor) handlers(state.ItemProcessor, found);
  }
  return found;
}

const fastest = {};
for (const row of JSON.parse(readFileSync(0, "utf8"))) {
  let best = Infinity;
  for (let i = 0, total = 0; i < rounds || total < seconds; i++) {
    const start = performance.now();
    await run(row);
    const elapsed = (performance.now() - start) / 1000;
    best = Math.min(best, elapsed);
    total += elapsed;
  }
  fastest[row.name] = best;
}
console.log(JSON.stringify(fastest));
