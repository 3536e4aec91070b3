// Security keys and passkeys (https://www.w3.org/TR/webauthn-3/). What to ask of them stands in the forms' data
// attributes, and the answer goes into their fields.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const given = (value) => (value && value !== "not specified" ? value : undefined);
const keys = (ids) => ids.map((id) => ({ type: "public-key", id: bytes(id) }));
const limit = (seconds) => Number(seconds) * 1000 || undefined;

function send(form, answer) {
  for (const [name, value] of Object.entries(answer)) form.elements[name].value = value;
  form.requestSubmit();
}

async function tried(form, ask) {
  if (!globalThis.PublicKeyCredential) return send(form, { error: form.dataset.unsupported });
  try {
    send(form, await ask());
  } catch (error) {
    send(form, { error: String(error) });
  }
}

let asking;

async function show(form, mediation) {
  const asked = form.dataset;
  // The browser answers one request at a time: the button's takes the place of the one that waits in the field.
  asking?.abort();
  asking = new AbortController();
  const publicKey = {
    rpId: asked.rpId,
    challenge: bytes(asked.challenge),
    timeout: limit(asked.timeout),
    userVerification: given(asked.userVerification),
    allowCredentials: asked.identified === "true" ? keys([...form.querySelectorAll("[data-known]")].map((key) => key.dataset.known)) : [],
  };
  const { id, response } = await navigator.credentials.get({ publicKey, mediation, signal: asking.signal });
  const remember = document.getElementById("rememberMe");
  if (remember) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "rememberMe", value: remember.checked ? "on" : "off" }));
  return {
    credentialId: id,
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : "",
  };
}

// Passkeys offer themselves where the operator wants it; nobody has to take one. A dialog that was closed stays closed
// for this attempt to sign in.
async function offer(form) {
  const { mediation, identified, attachment } = form.dataset;
  if (!mediation || mediation === "none" || identified === "true" || !globalThis.PublicKeyCredential) return;
  if (mediation === "conditional" && !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  if (attachment === "platform" && !(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) return;
  const closed = `dialog closed ${document.body.dataset.attempt}`;
  if (mediation !== "conditional" && sessionStorage.getItem(closed)) return;
  try {
    send(form, await show(form, mediation));
  } catch {
    if (mediation !== "conditional") sessionStorage.setItem(closed, "yes");
  }
}

async function make(form) {
  const asked = form.dataset;
  const old = { Yes: "required", No: "discouraged" }[asked.requireResidentKey];
  const residentKey = given(asked.residentKey) ?? old;
  const publicKey = {
    challenge: bytes(asked.challenge),
    rp: { id: asked.rpId, name: asked.rpName },
    user: { id: bytes(asked.user), name: asked.username, displayName: asked.username },
    pubKeyCredParams: (asked.algorithms || "-7").split(" ").map((algorithm) => ({ type: "public-key", alg: Number(algorithm) })),
    attestation: given(asked.attestation),
    authenticatorSelection: {
      authenticatorAttachment: given(asked.attachment),
      residentKey,
      requireResidentKey: residentKey === "required",
      userVerification: given(asked.userVerification),
    },
    timeout: limit(asked.timeout),
    excludeCredentials: keys(asked.known ? asked.known.split(",") : []),
  };
  const { rawId, response, authenticatorAttachment } = await navigator.credentials.create({ publicKey });
  return {
    publicKeyCredentialId: text(rawId),
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.().join() ?? "",
    authenticatorAttachment: authenticatorAttachment ?? "",
  };
}

const known = document.getElementById("webauth");
if (known) {
  document.getElementById("authenticateWebAuthnButton")?.addEventListener("click", () => tried(known, () => show(known)));
  offer(known);
}
const added = document.getElementById("register");
added?.addEventListener("submit", (event) => {
  if (event.submitter?.id !== "registerWebAuthn") return;
  event.preventDefault();
  tried(added, () => make(added));
});
