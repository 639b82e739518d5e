// A key pressed in a notebook is first a command: with a menu in focus, d d would delete
// the cell. What lies beside this keeps plain keys; Ctrl, Alt and Shift Enter go on.

const MARK = "data-lm-suppress-shortcuts";

export default {
  render({ el }) {
    const guard = (event) => {
      const { target, key } = event;
      if (!el.parentElement || !el.parentElement.contains(target)) return;
      const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && key === "Enter");
      if (command) target.removeAttribute(MARK);
      else target.setAttribute(MARK, "true");
    };
    window.addEventListener("keydown", guard, true);
    return () => window.removeEventListener("keydown", guard, true);
  },
};
