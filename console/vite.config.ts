/** Three pages, served by the backend as static files; nothing inline, nothing from elsewhere. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const page = (name: string): string => resolve(import.meta.dirname, name);

export default defineConfig({
  base: "/",
  build: {
    outDir: "dist",
    assetsDir: "assets",
    assetsInlineLimit: 0, // an inlined file would need `data:` in the policy
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: {
      input: {
        index: page("index.html"),
        chat: page("chat.html"),
        console: page("console.html"),
      },
    },
  },
  test: { environment: "node", include: ["tests/**/*.test.{ts,tsx}"] },
});
