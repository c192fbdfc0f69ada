/** Where in the console: everything stands in the fragment, which no server sees. */

import { useEffect, useState } from "preact/hooks";

export type Route =
  | { readonly page: "tonight" }
  | { readonly page: "messengers" }
  | { readonly page: "people" }
  | { readonly page: "key" }
  | { readonly page: "audit" }
  | { readonly page: "case"; readonly id: string }
  | { readonly page: "invite"; readonly token: string; readonly root: string };

export function parseRoute(hash: string): Route {
  const [page, first, second] = hash.replace(/^#\/?/u, "").split("/").map(decode);
  if (page === "invite") return { page, token: first ?? "", root: second ?? "" };
  if (page === "case" && first) return { page, id: first };
  if (page === "messengers" || page === "people" || page === "key" || page === "audit") return { page };
  return { page: "tonight" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const look = (): void => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  return route;
}

/** Go somewhere without leaving the place before in the history (a used invitation, say). */
export function replaceRoute(hash: string): void {
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
