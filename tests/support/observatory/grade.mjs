// Grade one page with the MDN HTTP Observatory's own retriever, tests and scores, and print the result as JSON.
// usage: node grade.mjs '{"host": …, "httpPort": …, "httpsPort": …, "path": …, "headers": ["Cookie: …"]}'
// Its own scan() takes a name alone; the ports of a test are others than 80 and 443, and a page may need a session. So
// its sum is made here, as in its src/scanner/index.js.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const package_ = createRequire("/opt/node/package.json").resolve.paths("x")[0] + "/@mdn/mdn-http-observatory/src/";
const part = (name) => import(pathToFileURL(package_ + name).href);
const { retrieve } = await part("retriever/retriever.js");
const { ALL_TESTS } = await part("constants.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await part("grader/charts.js");
const { getScoreModifier } = await part("grader/grader.js");

const { host, headers, ...options } = JSON.parse(process.argv[2]);
const accept = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const requests = await retrieve(host, { ...options, headers: [accept, ...(headers ?? [])] });
if (!requests.responses.auto) throw new Error(`${host} does not answer`);

const results = ALL_TESTS.map((test) => test(requests)).map((output) => ({
  name: output.constructor.name,
  result: output.result,
  modifier: getScoreModifier(output.result),
}));
const sum = (modifiers) => modifiers.reduce((total, one) => total + one, 100);
const modifiers = results.map((one) => one.modifier);
const uncurved = sum(modifiers.filter((one) => one < 0));
const score = uncurved >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(modifiers) : uncurved;
const { status, verified } = requests.responses.auto;
console.log(JSON.stringify({ score, status, verified, results, url: requests.session.redirectHistory.at(-1)?.url.href }));
