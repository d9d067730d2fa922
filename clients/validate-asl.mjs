// Checks States Language definitions with the npm packages asl-validator and
// amazon-states-language-service. Exits 1 if one of them refuses one.
//
//   node clients/validate-asl.mjs deploy/selfheal.asl.json …
import { readFileSync } from "node:fs";
import validator from "asl-validator";
import service from "amazon-states-language-service";

const language = service.getLanguageService({});

async function languageProblems(path, text) {
  const document = service.TextDocument.create(path, "asl", 1, text);
  const json = language.parseJSONDocument(document);
  const found = await language.doValidation(document, json, { schemaValidation: "error" });
  return found.map((d) => `line ${d.range.start.line + 1}: ${d.message}`);
}

function validatorProblems(text) {
  const { isValid, errors } = validator(JSON.parse(text), { checkPaths: true, checkArn: true });
  return isValid ? [] : errors.map((e) => `${e["Error code"]}: ${e.Message}`);
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error("usage: node validate-asl.mjs FILE...");
  process.exit(64);
}
let refused = 0;
for (const path of paths) {
  const text = readFileSync(path, "utf8");
  const found = {
    "asl-validator": validatorProblems(text),
    "amazon-states-language-service": await languageProblems(path, text),
  };
  for (const [name, problems] of Object.entries(found)) {
    console.log(`${path}: ${name}: ${problems.length === 0 ? "accepted" : "refused"}`);
    for (const problem of problems) console.log(`  ${problem}`);
    refused += problems.length;
  }
}
process.exit(refused === 0 ? 0 : 1);
