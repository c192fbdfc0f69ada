/** Which places a member has, by role. The server decides; this only spares them dead ends. */

import type { Route } from "./route";

type Roles = readonly string[];

export const isAuditor = (roles: Roles): boolean => roles.includes("auditor");
export const isCoordinator = (roles: Roles): boolean => roles.includes("coordinator");

/** An auditor who works on no case: nothing of tonight is theirs, and no alert reaches them. */
export const onlyAudits = (roles: Roles): boolean =>
  isAuditor(roles) && !isCoordinator(roles) && !roles.includes("responder");

/** The page that a route leads this member to. */
export function pageFor(route: Route, roles: Roles): Route["page"] {
  return route.page === "tonight" && onlyAudits(roles) ? "audit" : route.page;
}
