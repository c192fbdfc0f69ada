/**
 * Seals and signs what it reads, with the console's own TypeScript, for the Python test beside
 * `tests/sealing/test_typescript.py`: JSON on stdin and stdout, bytes in base64.
 */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const server = await createServer({
  root,
  appType: "custom",
  logLevel: "error",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  const sealing = await server.ssrLoadModule("/src/crypto/index.ts");
  const asked = JSON.parse(readFileSync(0, "utf8"));
  const { base64, fromBase64, utf8 } = sealing;
  const seed = fromBase64(asked.seed);
  const keys = await sealing.personKeys(seed);
  const secrets = await sealing.stretch(asked.passphrase, {
    salt: fromBase64(asked.salt),
    memoryKib: 65536,
    passes: 3,
    lanes: 1,
  });
  const { sealFor } = await server.ssrLoadModule("/src/console/case/granting.ts");
  const other = await sealing.personKeys(fromBase64(asked.other));
  const member = (id, one) => ({
    id,
    name: asked.name,
    organisation: "Lantern",
    roles: ["coordinator"],
    kem: base64(one.kem.public),
    sign: base64(one.sign.public),
  });
  const list = await sealing.signNext({
    before: null,
    members: [member("b", other), member("a", keys)],
    recovery: asked.to,
    recoveryFrom: "2026-11-01T00:00:00Z",
    root: keys.sign.public,
    by: keys.sign,
    now: Date.parse("2026-11-01T00:00:00Z"),
  });
  const place = { compartment: "brief", generation: 2 };
  const grant = await sealFor("c", place, seed, { id: "h", kem: asked.to });
  const answer = {
    list: list.document,
    list_signature: list.signature,
    grant: grant.sealed,
    sealed: base64(await sealing.sealText(utf8(asked.plain), fromBase64(asked.to), asked.context)),
    kem_public: base64(keys.kem.public),
    sign_public: base64(keys.sign.public),
    signature: base64(await keys.sign.sign("roster", utf8(asked.plain))),
    wrapped: base64(await sealing.wrapSeed(seed, secrets.wrap, asked.name)),
    login: base64(secrets.login),
  };
  process.stdout.write(JSON.stringify(answer));
} finally {
  await server.close();
}
