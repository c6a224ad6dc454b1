import { call } from "$shared/api";

type Options<T> = { options: T };

/** Whether the browser can use passkeys, and writes them as the server reads them. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Whether somebody closed the browser's question, let it wait, or has no passkey for it. */
export function isDeclined(error: unknown): boolean {
  return error instanceof DOMException;
}

/** Asks an authenticator to sign a challenge of the server; throws when nobody answers it. */
export async function answered(): Promise<PublicKeyCredentialJSON> {
  const path = "/session/passkey/options";
  const { options } = await call<Options<PublicKeyCredentialRequestOptionsJSON>>("POST", path);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return plain(await navigator.credentials.get({ publicKey }));
}

/** Asks an authenticator to make a passkey; throws when nobody does, or it has one already. */
export async function made(): Promise<PublicKeyCredentialJSON> {
  const path = "/session/passkeys/options";
  const { options } = await call<Options<PublicKeyCredentialCreationOptionsJSON>>("POST", path);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return plain(await navigator.credentials.create({ publicKey }));
}

function plain(credential: Credential | null): PublicKeyCredentialJSON {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("none", "NotAllowedError");
  return credential.toJSON();
}
