// Text the server has not acknowledged, kept on this device under clinic + person + section + version. Gone at sign-out.
const ROOT = "tsumugi.draft/";
const scope = () => `${ROOT}${document.body.dataset.draftScope}/`;
const keyOf = (section, version) => `${scope()}${section}@${version}`;

const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
};

// False when the device refuses (full, forbidden): the caller then says that leaving would lose the text.
export const keep = (section, version, draft) => {
  try {
    localStorage.setItem(keyOf(section, version), JSON.stringify({ ...draft, at: new Date().toISOString() }));
    return true;
  } catch {
    return false;
  }
};

export const drop = (section, version) => localStorage.removeItem(keyOf(section, version));

// Every draft of one section, newest first: [{ version, body, pending, at }].
export const draftsOf = (section) => {
  const prefix = `${scope()}${section}@`;
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => ({ ...read(key), version: key.slice(prefix.length) }))
    .filter((draft) => typeof draft.body === "string")
    .sort((a, b) => b.at.localeCompare(a.at));
};

const mine = () => Object.keys(localStorage).filter((key) => key.startsWith(scope()));
export const countDrafts = () => mine().length;
export const forgetAll = () => mine().forEach((key) => localStorage.removeItem(key));
