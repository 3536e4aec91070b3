// Says what a new password lacks as soon as it is typed.
import { validatePassword } from "./password-policy.js";

for (const rules of document.querySelectorAll("[data-rules-of]")) {
  const policies = [...rules.children].map(({ dataset, textContent }) => ({
    name: dataset.rule,
    policy: { value: Number(dataset.value), error: textContent },
  }));
  const field = document.getElementById(rules.dataset.rulesOf);
  field.addEventListener("change", () => {
    const wrong = validatePassword(field.value, policies);
    document.getElementById(`input-error-container-${field.id}`).textContent = wrong.join(" ");
    if (wrong.length) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  });
}
