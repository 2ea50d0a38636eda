// Loads the module with no imports at all and verifies evidence that is genuine, and some that is not.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [modulePath, testdata] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(modulePath), {});
const api = instance.exports;

function ask(verify, bytes) {
  const at = api.teeproof_nostd_alloc(bytes.length);
  new Uint8Array(api.memory.buffer).set(bytes, at);
  return verify(at, bytes.length);
}

let wrong = 0;
function expect(what, answer, expected) {
  console.log(`WebAssembly: ${what}: ${answer}`);
  if (answer !== expected) {
    console.error(`expected ${expected}`);
    wrong += 1;
  }
}

expect("embedded evidence", api.teeproof_nostd_check(), 0);

const report = readFileSync(join(testdata, "snp", "milan-report.bin"));
const forged = Buffer.from(report);
forged[0x90] ^= 1;
expect("a genuine report", ask(api.teeproof_nostd_verify_snp, report), 0);
expect("a forged report", ask(api.teeproof_nostd_verify_snp, forged), 4);
expect("a short report", ask(api.teeproof_nostd_verify_snp, report.subarray(1)), 3);

// Exit codes of the command under builtin:genuine: debug enclaves are refused by policy.
const codes = { tampered: 4, debug: 6 };
for (const name of readdirSync(join(testdata, "nitro")).sort()) {
  const document = readFileSync(join(testdata, "nitro", name));
  const expected = codes[name.split("-")[0]] ?? 0;
  expect(name, ask(api.teeproof_nostd_verify_nitro, document), expected);
}
process.exit(wrong === 0 ? 0 : 1);
