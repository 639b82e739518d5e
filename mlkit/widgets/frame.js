// What a notebook does to keys and presses, put right for all that lies beside this.

const GONE = "not kept: the kernel was restarted or shut down; run this cell again";
const MARK = "data-lm-suppress-shortcuts";

// A key is first a command of the notebook: with a menu in focus, d d would delete the
// cell. Plain keys stay here; Ctrl, Alt and Shift Enter go on.
function keys(event) {
  const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
  if (command) event.target.removeAttribute(MARK);
  else event.target.setAttribute(MARK, "true");
}

// Enter in a field presses the button beside it.
function enter({ key, shiftKey, target }) {
  const line = key === "Enter" && !shiftKey && target.tagName === "INPUT" && target.closest(".mlkit-beside");
  const button = line && line.querySelector("button");
  if (button) button.click();
}

// While the kernel is busy what was set last waits, in the page or in the kernel, and a
// press overtakes it: an older value would be kept than the one on the screen. So the
// press waits too, as long as the kernel is there.
async function settled(model, gone) {
  const parts = [await model.widget_manager.get_model(model.get("around"))];
  for (const part of parts) parts.push(...(part.get("children") || []));
  // once at least: a browser lets no press by a key be pressed again while it goes on
  do await new Promise((done) => setTimeout(done, 20));
  while (!gone() && parts.some((part) => part._msg_buffer || part._pending_msgs));
}

// Say beside a button that nothing came of it, in the place of what was said before.
function lost(button) {
  const line = button.closest(".mlkit-beside") || button.parentElement;
  line.classList.add("mlkit-lost");
  line.querySelectorAll("[role=alert]").forEach((said) => said.remove());
  const said = document.createElement("span");
  said.setAttribute("role", "alert");
  said.textContent = GONE;
  line.append(said);
}

export default {
  render({ model, el }) {
    const inside = (node) => el.parentElement && el.parentElement.contains(node);
    const waiting = new Set();
    let passed = null;
    let left = false;
    const leave = () => (left = true);
    const hears = () => {
      try {
        if (!left) model.send({}); // a kernel that is gone takes nothing
      } catch {
        left = true;
      }
      return !left;
    };
    const key = (event) => {
      if (!inside(event.target)) return;
      keys(event);
      enter(event);
    };
    const press = async (event) => {
      const button = event.target.closest("button");
      if (!button || button === passed || !inside(button)) return;
      event.stopImmediatePropagation();
      event.preventDefault();
      if (!hears()) return lost(button);
      if (waiting.has(button)) return;
      waiting.add(button);
      await settled(model, () => left).catch(() => new Promise((done) => setTimeout(done)));
      waiting.delete(button);
      if (!hears()) return lost(button);
      passed = button;
      button.click();
      passed = null;
    };
    window.addEventListener("keydown", key, true);
    window.addEventListener("click", press, true);
    model.on("comm_live_update", leave);
    return () => {
      window.removeEventListener("keydown", key, true);
      window.removeEventListener("click", press, true);
      model.off("comm_live_update", leave);
    };
  },
};
