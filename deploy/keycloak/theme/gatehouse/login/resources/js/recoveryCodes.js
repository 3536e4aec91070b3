// Recovery codes on paper, in a file, on the clipboard.
const actions = document.getElementById("kc-recovery-codes-actions");
const codes = [...document.querySelectorAll("#kc-recovery-codes-list li")].map((item, index) => `${index + 1}: ${item.textContent}`);

const when = { print: () => print(), copy: () => navigator.clipboard.writeText(codes.join("\n")), download };
for (const [word, act] of Object.entries(when)) document.getElementById(`${word}RecoveryCodes`).addEventListener("click", act);
actions.hidden = false;

function download() {
  const { before, after, date } = actions.dataset;
  const text = [before, "", ...codes, "", after, "", `${date} ${new Date().toLocaleString()}`].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = "recovery-codes.txt";
  link.click();
  URL.revokeObjectURL(link.href);
}
