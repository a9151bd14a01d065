// Passkeys. A button says what to do: data-passkey="create|get", data-challenge="…", data-answer="…"; fields of its form
// (never the password) travel with the request for a challenge. Messages go to the nearest [data-passkey-message].
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const post = async (url, body) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.message ?? json.detail ?? "いまパスキーを使えません。ほかの方法で続けてください。");
  return json;
};

const decode = (options) => {
  const key = structuredClone(options.publicKey ?? options);
  key.challenge = toBytes(key.challenge);
  if (key.user) key.user.id = toBytes(key.user.id);
  for (const list of [key.allowCredentials, key.excludeCredentials]) for (const item of list ?? []) item.id = toBytes(item.id);
  return key;
};

const encode = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    extensions: credential.getClientExtensionResults(),
  };
};

const formFields = (button) => {
  const form = button.form ?? button.closest("form");
  const secret = new Set([...(form?.elements ?? [])].filter((field) => field.type === "password").map((field) => field.name));
  return form ? Object.fromEntries([...new FormData(form)].filter(([name]) => !secret.has(name))) : {};
};

const explain = (error) => {
  if (error.name === "NotAllowedError") return "パスキーの確認が取り消されたか、時間切れになりました。もう一度押すか、ほかの方法で続けてください。";
  if (error.name === "InvalidStateError") return "この端末のパスキーはすでに登録されています。";
  return error.message;
};

const ceremony = async (button) => {
  const fields = formFields(button);
  const publicKey = decode(await post(button.dataset.challenge, fields));
  const creating = button.dataset.passkey === "create";
  const credential = creating ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
  const answer = await post(button.dataset.answer, { ...fields, credential: encode(credential) });
  location.assign(answer.location ?? location.pathname);
};

export const startPasskeys = (root) => {
  for (const button of root.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential || button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.hidden = false;
    const message = document.querySelector("[data-passkey-message]");
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      if (message) message.textContent = "";
      try {
        await ceremony(button);
      } catch (error) {
        if (message) message.textContent = explain(error);
      } finally {
        button.removeAttribute("aria-busy");
      }
    });
  }
};
