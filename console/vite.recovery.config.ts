/** The recovery page: one file with everything in it, for a computer without a network. */
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Script and style go into the page itself; its own policy allows nothing else, and no network. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      let script = "";
      let style = "";
      for (const [name, part] of Object.entries(bundle)) {
        // the list of files to preload, which Vite would fill in later: there are none
        if (part.type === "chunk") script += part.code.replaceAll("__VITE_PRELOAD__", "void 0");
        else if (name.endsWith(".css")) style += String(part.source);
        delete bundle[name];
      }
      this.emitFile({ type: "asset", fileName: "recovery.html", source: page(script, style) });
    },
  };
}

const page = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Relais: recovery</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<script type="module">${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [oneFile()],
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: resolve(import.meta.dirname, "src/recovery/main.tsx"),
      output: { codeSplitting: false },
    },
  },
});
