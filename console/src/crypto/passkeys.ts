/** WebAuthn in this browser. What it cannot do is said by throwing `PasskeyError`. */

export class PasskeyError extends Error {}

export function canPasskey(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

/** What goes to the server as it is. */
export interface PasskeyJson {
  readonly id: string;
}

function asJson(credential: Credential | null): PasskeyJson {
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyError("none");
  return credential.toJSON() as PasskeyJson;
}

export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<PasskeyJson> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return asJson(await navigator.credentials.create({ publicKey }));
  } catch {
    throw new PasskeyError("none");
  }
}

export async function usePasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return asJson(await navigator.credentials.get({ publicKey }));
  } catch {
    throw new PasskeyError("none");
  }
}
